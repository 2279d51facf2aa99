package seek

// Slow is Index without the processor's help.
func (w *Words) Slow(text []byte) int { return w.slow(text) }
