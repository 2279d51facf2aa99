package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// receiver counts the webhooks that it receives.
type receiver struct {
	mu     sync.Mutex
	kinds  map[string]int
	named  map[string]bool // integrations in messages
	others map[string]int  // by incident of many: how many integrations it counts and does not name
}

func newReceiver() *receiver {
	return &receiver{kinds: map[string]int{}, named: map[string]bool{}, others: map[string]int{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var message struct {
		Data struct {
			ID, Kind    string
			Integration struct{ ID string }
			Facts       struct {
				Integrations []string
				Count        string `json:"integrations_count"`
			}
		}
	}
	if err := json.NewDecoder(req.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d := message.Data
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kinds[d.Kind]++
	if d.Facts.Count == "" {
		r.named[d.Integration.ID] = true
		return
	}
	for _, id := range d.Facts.Integrations {
		r.named[id] = true
	}
	count, _ := strconv.Atoi(d.Facts.Count)
	incident, _, _ := strings.Cut(d.ID, "#")
	r.others[incident] = count - len(d.Facts.Integrations)
}

// integrations is how many integrations the messages are about.
func (r *receiver) integrations() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.named)
	for _, more := range r.others {
		n += more
	}
	return n
}

// String is how many messages of each kind came.
func (r *receiver) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		list = append(list, fmt.Sprintf("%d %s", r.kinds[kind], kind))
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
