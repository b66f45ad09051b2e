package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/ragcorp/ragcorp/core/workspace"
)

// retrievalColumn is workspace.Retrieval as it is stored: a JSON object with what is set.
type retrievalColumn workspace.Retrieval

// retrievalJSON is that object.
type retrievalJSON struct {
	TopK        int              `json:"top_k,omitempty"`
	Fusion      workspace.Fusion `json:"fusion,omitempty"`
	DenseWeight *float64         `json:"dense_weight,omitempty"`
	Diverse     *bool            `json:"diverse,omitempty"`
	Rerank      *bool            `json:"rerank,omitempty"`
	Guard       workspace.Guard  `json:"guard,omitempty"`
}

// Value implements driver.Valuer.
func (c retrievalColumn) Value() (driver.Value, error) {
	raw, err := json.Marshal(retrievalJSON(c))
	return string(raw), err
}

// Scan implements sql.Scanner.
func (c *retrievalColumn) Scan(src any) error {
	var raw []byte
	switch v := src.(type) {
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	default:
		return fmt.Errorf("retrieval settings of a workspace are of type %T", src)
	}
	var stored retrievalJSON
	if err := json.Unmarshal(raw, &stored); err != nil {
		return fmt.Errorf("read retrieval settings of a workspace: %w", err)
	}
	*c = retrievalColumn(stored)
	return nil
}
