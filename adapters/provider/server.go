package provider

import (
	"net/http"
	"net/url"
	"strings"
)

// Bearer is a server that takes its key in the header Authorization (RFC 6750); where the key is blank, it wants none.
func Bearer(name, base, key string, e Explain) Server {
	header := http.Header{}
	key = strings.TrimSpace(key)
	if key != "" {
		header.Set("Authorization", "Bearer "+key)
	}
	return Server{Name: name, Base: base, Header: header, Secret: key, Explain: e}
}

// HostOf returns the host of a base URL in lower case, which tells apart servers that call different models alike; "" where there
// is none.
func HostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
