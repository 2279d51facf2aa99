package conf

import (
	"cmp"
	"os"
)

// Directory is where the configuration is by default.
var Directory = cmp.Or(os.Getenv("ProgramData"), `C:\ProgramData`) + `\jira-oauth-watcher`
