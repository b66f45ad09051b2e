package document

import "github.com/ragcorp/ragcorp/core/fault"

// ErrStopped reports that a run of the pipeline is over: the document was cancelled or deleted, a newer run has begun, or
// this one is already finished. There is nothing left to do.
var ErrStopped error = fault.Conflict.Errorf("processing of this document has stopped").Because("stopped")

// ErrNotEmbedded reports that a chunk has no embedding. Embedding what is missing and trying again helps.
var ErrNotEmbedded error = fault.Unavailable.Errorf("a chunk has no embedding yet").Because("not_embedded")
