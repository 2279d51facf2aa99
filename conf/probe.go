package conf

// Probe is what the watcher tries to reach itself, and how.
type Probe struct {
	OnAlert bool // probe the host of a failure of the network, a proxy or TLS
}
