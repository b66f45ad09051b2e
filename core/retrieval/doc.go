// Package retrieval finds the chunks that answer a query. One pipeline serves searching, asking and streaming: words and
// meaning are looked up side by side, their rankings are fused, and the result is the same for the same data every time.
package retrieval
