package logfiles

// Members and NodeOf choose and name what is in a zip.
var (
	Members = members
	NodeOf  = zipNodeOf
)
