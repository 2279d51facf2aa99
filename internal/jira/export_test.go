package jira

import "net/http"

// HTTP is what a client makes its requests with.
func HTTP(c *Client) *http.Client { return c.client }
