#include "textflag.h"

// The kernel takes four rows at a time, so that one load of the query serves four rows and four chains of additions
// run side by side, and then the rows that are left one by one. It is faster than memory, so it asks for the next four
// rows while it works on these; beyond the last row that does nothing. Wider instructions (AVX-512 VNNI) gain a few
// per cent of a search at best, since it waits for memory.
//
// SI rows   R8 R9 R10 second to fourth row   R11 next rows   BX query   DX length of a row
// DI results   CX rows left   AX component

// MADD adds the products of 16 codes at ptr and 16 components of the query in y to acc.
#define MADD(ptr, y, tmp, acc) \
	VPMOVSXBW ptr, tmp      \
	VPMADDWD  y, tmp, tmp   \
	VPADDD    tmp, acc, acc

// FOLD4 adds up the lanes of Y0 to Y3 and leaves the four sums in X0.
#define FOLD4 \
	VPHADDD      Y1, Y0, Y0 \
	VPHADDD      Y3, Y2, Y2 \
	VPHADDD      Y2, Y0, Y0 \
	VEXTRACTI128 $1, Y0, X1 \
	VPADDD       X1, X0, X0

// FOLD1 adds up the lanes of Y0 and leaves the sum in the lowest.
#define FOLD1 \
	VEXTRACTI128 $1, Y0, X1   \
	VPADDD       X1, X0, X0   \
	VPHADDD      X0, X0, X0   \
	VPHADDD      X0, X0, X0

// func dotAVX2(codes []int8, wide []int16, out []int32)
TEXT ·dotAVX2(SB), NOSPLIT, $0-72
	MOVQ codes_base+0(FP), SI
	MOVQ wide_base+24(FP), BX
	MOVQ wide_len+32(FP), DX
	MOVQ out_base+48(FP), DI
	MOVQ out_len+56(FP), CX

four:
	CMPQ  CX, $4
	JLT   one
	LEAQ  (SI)(DX*1), R8
	LEAQ  (SI)(DX*2), R9
	LEAQ  (R8)(DX*2), R10
	LEAQ  (SI)(DX*4), R11
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	XORQ  AX, AX

fourStep:
	PREFETCHT0 (R11)(AX*4)
	PREFETCHT0 64(R11)(AX*4)
	VMOVDQU (BX)(AX*2), Y8
	VMOVDQU 32(BX)(AX*2), Y9
	MADD((SI)(AX*1), Y8, Y4, Y0)
	MADD((R8)(AX*1), Y8, Y5, Y1)
	MADD((R9)(AX*1), Y8, Y6, Y2)
	MADD((R10)(AX*1), Y8, Y7, Y3)
	MADD(16(SI)(AX*1), Y9, Y4, Y0)
	MADD(16(R8)(AX*1), Y9, Y5, Y1)
	MADD(16(R9)(AX*1), Y9, Y6, Y2)
	MADD(16(R10)(AX*1), Y9, Y7, Y3)
	ADDQ    $32, AX
	CMPQ    AX, DX
	JLT     fourStep
	FOLD4
	VMOVDQU X0, (DI)
	ADDQ    $16, DI
	MOVQ    R11, SI
	SUBQ    $4, CX
	JMP     four

one:
	TESTQ CX, CX
	JEQ   done
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	XORQ  AX, AX

oneStep:
	VMOVDQU (BX)(AX*2), Y8
	VMOVDQU 32(BX)(AX*2), Y9
	MADD((SI)(AX*1), Y8, Y4, Y0)
	MADD(16(SI)(AX*1), Y9, Y5, Y1)
	ADDQ    $32, AX
	CMPQ    AX, DX
	JLT     oneStep
	VPADDD  Y1, Y0, Y0
	FOLD1
	VMOVD   X0, (DI)
	ADDQ    $4, DI
	ADDQ    DX, SI
	DECQ    CX
	JMP     one

done:
	VZEROUPPER
	RET
