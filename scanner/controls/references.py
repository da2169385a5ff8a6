"""Which requirements of public frameworks each control speaks to. Identifiers only; this is support, not an attestation.

Marks: ● a source lists a requirement with this very subject; ○ the id is confirmed, the mapping is our judgement; △ the id
is not confirmed and is never exported; † known from a Revision 4 catalogue only.
"""

from __future__ import annotations

References = dict[str, tuple[tuple[str, str], ...]]  # framework -> (id, mark)


def references(control: str) -> References:
    """The mapping of one control."""
    return {framework: tuple(map(_entry, text.split("; "))) for framework, text in _MAPS[control].items()}


def _entry(text: str) -> tuple[str, str]:
    identifier, _, mark = text.rpartition(" ")
    return (identifier, mark)


_MAPS = {
    "NB-ENF-01": {
        "CIS EKS 1.8.0": "4.3.1 ●; 5.4.4 ●",
        "CIS GKE 1.9.0": "4.3.1 ●",
        "CIS AKS 1.8.0": "5.4.4 ●",
        "CIS Kubernetes 1.12.0": "5.3.1 ●",
        "NSA/CISA guide 1.2": "Network policies ●",
        "NIST SP 800-53 r5": "SC-7 ●; CM-6 ●; CM-7 ●; SI-6 ○†",
        "NIST SP 800-190": "4.3.3 ○; 4.4.2 ○",
        "PCI DSS 4.0.1": "1.2.6 ●; 1.4.1 ●",
        "ISO/IEC 27001:2022 A": "A.8.20 ●; A.8.22 ●",
        "SOC 2 TSC": "CC6.1 ○; CC6.6 ○",
        "ATT&CK": "T1046 ○; M1030 ○",
        "HIPAA": "164.312(e)(1) ○",
    },
    "NB-ENF-02": {
        "CIS EKS 1.8.0": "4.3.1 ○",
        "CIS GKE 1.9.0": "4.3.1 ○",
        "CIS AKS 1.8.0": "5.4.4 ○",
        "CIS Kubernetes 1.12.0": "5.3.1 ○",
        "NSA/CISA guide 1.2": "Network policies ○; Worker node segmentation ○",
        "NIST SP 800-53 r5": "SC-7 ○; SC-7(12) ●; CM-8 ○; SI-6 ○†",
        "NIST SP 800-190": "4.3.3 ○; 4.3.5 ○",
        "PCI DSS 4.0.1": "1.2.6 ○; 1.4.1 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.22 ○",
        "SOC 2 TSC": "CC6.6 ○",
        "ATT&CK": "T1046 ○",
    },
    "NB-ENF-03": {
        "CIS AKS 1.8.0": "4.4.1 ●",
        "NSA/CISA guide 1.2": "Upgrade and application security practices ○",
        "NIST SP 800-53 r5": "SI-2 ○; CM-2 ○; CM-8 ○; RA-5 ○",
        "NIST SP 800-190": "4.3.5 ○",
        "PCI DSS 4.0.1": "6.3.3 ○",
        "ISO/IEC 27001:2022 A": "A.8.8 ○; A.8.9 ○",
        "SOC 2 TSC": "CC7.1 ○",
    },
    "NB-ENF-06": {
        "CIS EKS 1.8.0": "5.4.4 ○",
        "CIS GKE 1.9.0": "4.3.1 ○",
        "CIS AKS 1.8.0": "5.4.4 ○",
        "CIS Kubernetes 1.12.0": "5.3.1 ○",
        "NSA/CISA guide 1.2": "Network policies ○",
        "NIST SP 800-53 r5": "SC-7(5) ○; CM-6 ○; SI-6 ○†",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.2.1 ○; 10.7.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.9 ○",
        "SOC 2 TSC": "CC6.6 ○; CC7.1 ○",
        "ATT&CK": "T1562 ○",
    },
    "NB-ISO-01": {
        "CIS EKS 1.8.0": "4.3.2 ●",
        "CIS GKE 1.9.0": "4.3.2 ●",
        "CIS AKS 1.8.0": "4.4.2 ●",
        "CIS Kubernetes 1.12.0": "5.3.2 ●",
        "NSA/CISA guide 1.2": "Network policies ●",
        "NIST SP 800-53 r5": "AC-4 ●; AC-4(21) ●; SC-7 ●; SC-7(5) ●; SC-7(3) ●; SC-7(13) ●†",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.3.1 ●; 1.4.1 ●; 1.2.6 ●",
        "ISO/IEC 27001:2022 A": "A.8.20 ●; A.8.22 ●",
        "SOC 2 TSC": "CC6.1 ○; CC6.6 ○; CC7.2 ○",
        "ATT&CK": "T1046 ○; T1210 △; M1030 ○",
        "HIPAA": "164.312(e)(1) ○; 164.308(a)(1)(ii)(B) ○",
    },
    "NB-ISO-02": {
        "CIS EKS 1.8.0": "4.3.2 ●",
        "CIS GKE 1.9.0": "4.3.2 ●",
        "CIS AKS 1.8.0": "4.4.2 ●",
        "CIS Kubernetes 1.12.0": "5.3.2 ●",
        "NSA/CISA guide 1.2": "Network policies ●",
        "NIST SP 800-53 r5": "AC-4 ●; AC-4(21) ●; SC-7 ●; SC-7(5) ●; SC-7(10) ●†; SI-4(22) ●†",
        "NIST SP 800-190": "4.4.2 ○",
        "PCI DSS 4.0.1": "1.3.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ●; A.8.22 ●; A.8.12 ○",
        "SOC 2 TSC": "CC6.1 ○; CC6.6 ○; CC6.7 ○",
        "ATT&CK": "T1048 ○; T1041 △",
        "HIPAA": "164.312(e)(1) ○",
    },
    "NB-ISO-03": {
        "CIS EKS 1.8.0": "4.3.2 ○",
        "CIS GKE 1.9.0": "4.3.2 ○",
        "CIS AKS 1.8.0": "4.4.2 ○",
        "CIS Kubernetes 1.12.0": "5.3.2 ○",
        "NSA/CISA guide 1.2": "Network policies ●",
        "NIST SP 800-53 r5": "AC-4 ●; AC-4(21) ●; SC-7 ●; SC-7(5) ●",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.3.1 ○; 1.3.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.22 ●",
        "SOC 2 TSC": "CC6.1 ●; CC6.6 ●; CC7.2 ●",
        "ATT&CK": "T1046 ○",
    },
    "NB-ISO-04": {
        "CIS EKS 1.8.0": "4.3.2 ○",
        "CIS GKE 1.9.0": "4.3.2 ○",
        "CIS AKS 1.8.0": "4.4.2 ○",
        "CIS Kubernetes 1.12.0": "5.3.2 ○",
        "NSA/CISA guide 1.2": "Network policies ●",
        "NIST SP 800-53 r5": "SC-7(5) ○; AC-4 ○; AC-6 ○; CM-7 ○",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.2.5 ○; 1.3.1 ○; 1.3.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.22 ○",
        "SOC 2 TSC": "CC6.6 ○",
        "ATT&CK": "T1562 ○",
    },
    "NB-LP-01": {
        "NSA/CISA guide 1.2": "Network policies ○",
        "NIST SP 800-53 r5": "SC-7(11) ○; SC-7(5) ○; AC-4 ○",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.3.1 ○; 1.4.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.22 ○",
        "SOC 2 TSC": "CC6.6 ○",
        "ATT&CK": "T1190 ○; T1133 △",
        "HIPAA": "164.312(e)(1) ○",
    },
    "NB-LP-02": {
        "NSA/CISA guide 1.2": "Network policies ○",
        "NIST SP 800-53 r5": "SC-7(10) ○†; SC-7(9) ○; AC-4 ○; SI-4(22) ○†",
        "NIST SP 800-190": "4.4.2 ○",
        "PCI DSS 4.0.1": "1.3.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.23 ○",
        "SOC 2 TSC": "CC6.6 ○; CC6.7 ○",
        "ATT&CK": "T1048 ○; T1041 △; T1496 ○",
    },
    "NB-LP-05": {
        "CIS GKE 1.9.0": "5.4.1 ●",
        "NSA/CISA guide 1.2": "Protecting sensitive cloud infrastructure ○",
        "NIST SP 800-53 r5": "AC-6 ●; AC-3 ●; SC-7 ○",
        "NIST SP 800-190": "4.4.2 ○",
        "PCI DSS 4.0.1": "7.2.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ●; A.8.22 ●",
        "SOC 2 TSC": "CC6.1 ○",
        "ATT&CK": "T1552 ●; T1552.005 △",
    },
    "NB-EXP-01": {
        "CIS EKS 1.8.0": "5.4.1 ●; 5.4.2 ●",
        "CIS GKE 1.9.0": "5.6.3 ●; 5.6.4 ●",
        "CIS AKS 1.8.0": "5.4.1 ●; 5.4.2 ●",
        "NSA/CISA guide 1.2": "Control plane hardening ○",
        "NIST SP 800-53 r5": "SC-7 ○; SC-7(3) ○; AC-17(1) ○",
        "NIST SP 800-190": "4.3.2 ○",
        "PCI DSS 4.0.1": "1.2.8 ●; 1.3.1 ●; 1.3.2 ●; 1.4.2 ●; A1.1.3 ●",
        "ISO/IEC 27001:2022 A": "A.8.20 ○; A.8.22 ○",
        "SOC 2 TSC": "CC6.1 ●; CC6.6 ○",
        "ATT&CK": "T1190 ●; T1133 △",
        "HIPAA": "164.312(a)(1) ●",
    },
    "NB-EXP-04": {
        "NSA/CISA guide 1.2": "Network separation and hardening ○",
        "NIST SP 800-53 r5": "SC-7 ○; SC-7(3) ○; CM-7 ○",
        "NIST SP 800-190": "4.3.3 ○",
        "PCI DSS 4.0.1": "1.2.8 ○; 1.3.1 ○; 1.4.2 ○",
        "ISO/IEC 27001:2022 A": "A.8.20 ○",
        "SOC 2 TSC": "CC6.6 ○",
        "ATT&CK": "T1190 ○; T1133 △",
    },
    "NB-OBS-01": {
        "CIS GKE 1.9.0": "5.7.1 ○",
        "NSA/CISA guide 1.2": "Logging ○",
        "NIST SP 800-53 r5": "AU-2 ○; AU-3 ○; AU-12 ○; SC-7(9) ○; AC-4(26) ○",
        "NIST SP 800-190": "4.4.2 ○",
        "PCI DSS 4.0.1": "10.2.1 ○; 10.2.2 ○; 11.5.1 ○",
        "ISO/IEC 27001:2022 A": "A.8.15 ○; A.8.16 ○",
        "SOC 2 TSC": "CC7.2 ○; CC7.3 ○",
        "ATT&CK": "T1562 ○",
        "HIPAA": "164.312(b) ○; 164.308(a)(1)(ii)(D) ○",
    },
}
