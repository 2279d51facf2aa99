package main

// examples for each command, and under "" of all, for --help and the manual pages. PROGRAM is the
// name that the program was called by.
var examples = map[string]string{
	"": `  PROGRAM demo
  PROGRAM scan Jira_support_*.zip
  PROGRAM check && PROGRAM test-alert`,
	"run": `  PROGRAM run --log /var/atlassian/application-data/jira/log/atlassian-jira.log
  PROGRAM run --config ./config.toml
  ssh jira-1 tail -F /var/atlassian/application-data/jira/log/atlassian-jira.log | PROGRAM run --log -`,
	"scan": `  PROGRAM scan /var/atlassian/application-data/jira/log
  PROGRAM scan --since 7d atlassian-jira.log*
  PROGRAM scan --format html -o report.html Jira_support_*.zip`,
	"explain": `  PROGRAM explain excerpt.txt
  echo "AADSTS7000215: Invalid client secret provided." | PROGRAM explain`,
	"check": `  PROGRAM check
  PROGRAM check --config ./config.toml`,
	"test-alert": `  PROGRAM test-alert
  PROGRAM test-alert --to ops --cause entra-client-secret-expired`,
	"causes": `  PROGRAM causes
  PROGRAM causes entra-client-secret-expired`,
	"status": `  PROGRAM status
  PROGRAM status --format json`,
	"doctor": `  PROGRAM doctor
  PROGRAM doctor --save /root login.microsoftonline.com outlook.office365.com:993
  PROGRAM doctor --format json https://login.microsoftonline.us`,
	"demo":    `  PROGRAM demo`,
	"version": `  PROGRAM version`,
}
