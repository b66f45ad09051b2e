package vector

import "golang.org/x/sys/cpu"

// kernels returns the kernels for this machine, the fastest first.
func kernels() []namedKernel {
	var list []namedKernel
	if cpu.X86.HasAVX2 {
		list = append(list, namedKernel{"avx2", func(codes []int8, q *query, out []int32) {
			dotAVX2(codes, q.wide, out)
		}})
	}
	return append(list, portable())
}

// dotAVX2 needs AVX2. The length of wide is a multiple of 64.
//
//go:noescape
func dotAVX2(codes []int8, wide []int16, out []int32)
