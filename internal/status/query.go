package status

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Bounds of a query.
const (
	perPage    = 100 // incidents
	maxPerPage = 500
	maxPage    = 1_000_000
)

// query is what a request asks for.
type query struct {
	Page, size int  // of the incidents
	All        bool // of the page: expanded
	Paused     bool // not refreshed
}

// asked is the query of a request, or what is wrong with it.
func asked(r *http.Request) (q query, err error) {
	values := r.URL.Query()
	if q.size = perPage; r.URL.Path == "/" {
		q.All, q.Paused = values.Get("show") == "all", values.Get("refresh") == "off"
	} else if q.size, err = number(values, "per_page", perPage, maxPerPage); err != nil {
		return q, err
	}
	q.Page, err = number(values, "page", 1, maxPage)
	return q, err
}

func number(values url.Values, name string, usual, most int) (int, error) {
	if !values.Has(name) {
		return usual, nil
	}
	n, err := strconv.Atoi(values.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s must be a whole number from 1 to %d, such as %s=%d", name, most, name, usual)
	}
	return n, nil
}

// Link is the query as it is written, and always written in the same way.
func (q query) Link() string {
	values := url.Values{}
	if q.Page > 1 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	if q.size != perPage {
		values.Set("per_page", strconv.Itoa(q.size))
	}
	if q.All {
		values.Set("show", "all")
	}
	if q.Paused {
		values.Set("refresh", "off")
	}
	return "?" + values.Encode()
}

func (q query) at(page int) query {
	q.Page = page
	return q
}

// Expand is the opposite preference about expanding.
func (q query) Expand() query {
	q.All = !q.All
	return q
}

// Pause is the opposite preference about refreshing.
func (q query) Pause() query {
	q.Paused = !q.Paused
	return q
}
