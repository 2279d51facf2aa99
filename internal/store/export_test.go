package store

// SummaryRecord is that of a file of another version.
func SummaryRecord(version int) []byte {
	record, err := summary{Schema: version}.record()
	if err != nil {
		panic(err)
	}
	return record
}
