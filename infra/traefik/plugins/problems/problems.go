// Package problems turns Traefik's own error answers into problem documents (RFC 9457).
//
// Traefik's errors middleware cannot: it sees the status alone, and would replace what the gateway
// has to say too. An answer of the gateway is known by its request id, and passes unchanged.
package problems

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
)

// Kind is an error of the platform's catalogue.
type Kind struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Config maps statuses to kinds; others pass unchanged.
type Config struct {
	Kinds map[string]Kind `json:"kinds"`
}

// CreateConfig makes an empty configuration.
func CreateConfig() *Config {
	return &Config{Kinds: map[string]Kind{}}
}

var (
	validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	// What needs no escaping.
	validInstance = regexp.MustCompile(`^[A-Za-z0-9/._~%?&=+:,;@!()*-]{1,512}$`)
)

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		id := request.Header.Get("X-Request-Id")
		if !validID.MatchString(id) {
			id = newID()
			request.Header.Set("X-Request-Id", id)
		}
		next.ServeHTTP(&answer{ResponseWriter: writer, kinds: config.Kinds, id: id, instance: request.RequestURI}, request)
	}), nil
}

func newID() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}

// answer replaces an error of Traefik's as soon as its status is known.
type answer struct {
	http.ResponseWriter
	kinds    map[string]Kind
	id       string
	instance string
	began    bool
	replaced bool
}

func (a *answer) WriteHeader(status int) {
	if a.began {
		return
	}
	// 1xx comes before the answer.
	a.began = status >= 200
	kind, known := a.kinds[strconv.Itoa(status)]
	header := a.Header()
	if !known || header.Get("X-Request-Id") != "" {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	a.replaced = true
	if !validInstance.MatchString(a.instance) {
		a.instance = "/"
	}
	body, _ := json.Marshal(map[string]interface{}{
		"type":      "urn:woodytoys:problem:" + kind.Code,
		"title":     kind.Title,
		"status":    status,
		"detail":    kind.Detail,
		"instance":  a.instance,
		"requestId": a.id,
	})
	header.Del("X-Retry-In")
	header.Set("Content-Type", "application/problem+json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Request-Id", a.id)
	// The errors that pass by themselves.
	if header.Get("Retry-After") == "" && (status == http.StatusTooManyRequests || status > 500) {
		header.Set("Retry-After", "1")
	}
	a.ResponseWriter.WriteHeader(status)
	_, _ = a.ResponseWriter.Write(body)
}

func (a *answer) Write(bytes []byte) (int, error) {
	if !a.began {
		a.WriteHeader(http.StatusOK)
	}
	if a.replaced {
		return len(bytes), nil
	}
	return a.ResponseWriter.Write(bytes)
}
