// Folds what the document holds, and unfolds what a link names. Without this script everything stands open.
(() => {
  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected, press Ctrl+C";
    }
  };

  const offerCopies = (finding) => {
    for (const fix of all(".fix", finding)) {
      if (fix.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy what to change");
      button.addEventListener("click", () => copy(button, fix.querySelector(".fix-text")));
      fix.append(button);
    }
  };

  const openTarget = () => {
    const target = location.hash.length > 1 && find(location.hash.slice(1));
    if (!target) return;
    for (let element = target.closest("details"); element; element = element.parentElement.closest("details")) {
      element.hidden = false;
      element.open = true;
    }
    target.scrollIntoView();
  };

  const folded = all("main details");
  for (const element of folded) element.open = element.matches("[data-pressing]");
  let wasOpen = [];
  addEventListener("beforeprint", () => {
    wasOpen = folded.map((element) => element.open);
    for (const element of folded) element.open = true;
  });
  addEventListener("afterprint", () => folded.forEach((element, place) => { element.open = wasOpen[place]; }));
  addEventListener("hashchange", openTarget);
  const offer = ({ target }) => target.open && target.matches(".finding, .between") && offerCopies(target);
  find("main").addEventListener("toggle", offer, true);
  addEventListener("DOMContentLoaded", openTarget);
})();
