package vector

import "golang.org/x/sys/cpu"

// kernels returns the kernels for this machine, the fastest first.
func kernels() []namedKernel {
	var list []namedKernel
	if cpu.ARM64.HasASIMDDP {
		list = append(list, namedKernel{"sdot", func(codes []int8, q *query, out []int32) {
			dotSDOT(codes, q.high, q.low, out)
		}})
	}
	return append(list, namedKernel{"neon", func(codes []int8, q *query, out []int32) {
		dotNEON(codes, q.wide, out)
	}}, portable())
}

// dotSDOT needs the dot product extension. The lengths of high and low are the same multiple of 64.
//
//go:noescape
func dotSDOT(codes, high, low []int8, out []int32)

// dotNEON runs on every arm64. The length of wide is a multiple of 64.
//
//go:noescape
func dotNEON(codes []int8, wide []int16, out []int32)
