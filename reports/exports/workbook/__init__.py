"""The sheets of the workbook that `reports.exports.xlsx` makes."""
