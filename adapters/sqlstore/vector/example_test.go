package vector_test

import (
	"fmt"

	"github.com/ragcorp/ragcorp/adapters/sqlstore/vector"
)

// The owner keeps the vectors, here in a slice, and the segment finds the few that it has to look at.
func ExampleSegment_Search() {
	stored := [][]float32{{1, 0}, {0.6, 0.8}, {0, 1}, {-1, 0}}
	segment := vector.NewSegment(2)
	for _, v := range stored {
		segment.Append(v)
	}
	var live vector.Bitmap
	for i := range stored {
		live.Set(i)
	}
	live.Clear(2) // deleted meanwhile

	query := []float32{0, 1}
	hits, err := segment.Search(query, 2, &live, func(indexes []int, out []float32) error {
		for i, index := range indexes {
			out[i] = vector.Dot(query, stored[index])
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	for _, hit := range hits {
		fmt.Println(hit.Index, hit.Score)
	}
	// Output:
	// 1 0.8
	// 0 0
}
