package sqlstore

import (
	"maps"
	"sync"

	"github.com/google/uuid"
)

// vectorCache holds vectorSets up to a budget.
type vectorCache struct {
	budget int64 // bytes

	mu    sync.Mutex
	clock int64 // counts uses
	sets  map[vectorKey]*vectorSet
}

// vectorKey names a vectorSet.
type vectorKey struct {
	workspace uuid.UUID
	space     int64
}

// set returns the vectors of a workspace in a space, an empty set at first.
func (c *vectorCache) set(key vectorKey, dim int) *vectorSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sets == nil {
		c.sets = map[vectorKey]*vectorSet{}
	}
	vs := c.sets[key]
	if vs == nil {
		vs = newVectorSet(key, dim)
		c.sets[key] = vs
	}
	c.clock++
	vs.used = c.clock
	return vs
}

// drop drops all sets of a space.
func (c *vectorCache) drop(space int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.sets, func(key vectorKey, _ *vectorSet) bool { return key.space == space })
}

// shrink notes how large a set has become and drops others, those used longest ago first, until all fit into the budget.
// Searches that are at work on a dropped one finish undisturbed.
func (c *vectorCache) shrink(changed *vectorSet) {
	changed.mu.RLock()
	size := changed.size()
	changed.mu.RUnlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	changed.bytes = size
	for {
		total := int64(0)
		var oldest *vectorSet
		for _, vs := range c.sets {
			total += vs.bytes
			if vs != changed && (oldest == nil || vs.used < oldest.used) {
				oldest = vs
			}
		}
		if total <= c.budget || oldest == nil {
			return
		}
		delete(c.sets, oldest.key)
	}
}
