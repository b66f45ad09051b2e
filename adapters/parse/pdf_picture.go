package parse

import (
	"fmt"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/requests"
)

// Pages without text are drawn at a resolution that suits text recognition, but no larger than maxPixels.
const (
	pictureDPI = 300
	maxPixels  = 16 << 20
)

// picture draws a page in grey, as a portable grey map.
func (f *pdfFile) picture(index int, width, height float64) ([]byte, error) {
	dpi := float64(pictureDPI)
	if area := width * height / (72 * 72); area > 0 {
		dpi = min(dpi, math.Sqrt(maxPixels/area))
	}
	res, err := f.engine.RenderPageInDPI(&requests.RenderPageInDPI{
		Page: requests.Page{ByIndex: &requests.PageByIndex{Document: f.doc, Index: index}},
		DPI:  max(int(dpi), 1), ImageFormat: requests.RenderImageFormatGrayscale,
	})
	if err != nil {
		return nil, err
	}
	defer res.Cleanup()
	grey, ok := res.Result.RenderedImage.(*image.Gray)
	if !ok {
		return nil, fmt.Errorf("the engine drew a %T", res.Result.RenderedImage)
	}
	size := grey.Bounds().Size()
	out := fmt.Appendf(make([]byte, 0, size.X*size.Y+32), "P5 %d %d 255\n", size.X, size.Y)
	for y := range size.Y {
		out = append(out, grey.Pix[y*grey.Stride:y*grey.Stride+size.X]...)
	}
	return out, nil
}
