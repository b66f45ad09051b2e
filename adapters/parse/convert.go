package parse

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// converted turns a file of an old format into one of a new format with Options.Convert, under the limits of children. The new
// file is read by parse.
func converted(
	ctx context.Context, o Options, f document.File, parse func(context.Context, document.File) (document.Parsed, error),
) (document.Parsed, error) {
	data, err := source{body: contextReader{ctx, f.Body}, size: f.Size, limits: o}.all()
	if err != nil {
		return document.Parsed{}, err
	}
	if oleHolds(data, "EncryptedPackage") {
		return document.Parsed{}, encrypted()
	}
	fresh, err := convert(ctx, o, f.MediaType, data)
	if err != nil {
		return document.Parsed{}, err
	}
	mediaType, err := sniff(fresh[:min(len(fresh), sniffBytes)], "", "")
	if err != nil || mediaType == f.MediaType {
		return document.Parsed{}, corrupt("an old file of Office", errors.Join(err, errors.New("the converter made no new format of it")))
	}
	f.MediaType, f.Size, f.Body = mediaType, int64(len(fresh)), bytes.NewReader(fresh)
	return parse(ctx, f)
}

// convert returns the new file.
func convert(ctx context.Context, o Options, mediaType string, data []byte) ([]byte, error) {
	old, kind := "doc", "docx"
	switch mediaType {
	case XLS:
		old, kind = "xls", "xlsx"
	case PPT:
		old, kind = "ppt", "pptx"
	case MSG:
		old, kind = "msg", "eml"
	}
	work, err := os.MkdirTemp("", "ragcorp-convert-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }() // what can't be removed is in the temporary folder
	file, dir := filepath.Join(work, "file."+old), filepath.Join(work, "new")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(file, data, 0o600)); err != nil {
		return nil, err
	}
	args := make([]string, len(o.Convert))
	for i, a := range o.Convert {
		args[i] = strings.NewReplacer("{file}", file, "{dir}", dir, "{to}", kind).Replace(a)
	}
	c := command{args: args, timeout: o.Timeout, limits: commandLimits{Dir: work, Memory: o.MaxMemory, CPU: o.CPUTime, Output: o.MaxInputBytes}}
	_, err = c.run(ctx, controlBytes)
	switch {
	case errors.Is(err, timeIsOver{}):
		return nil, timedOut(o.Timeout)
	case err != nil && (ctx.Err() != nil || isMissing(err)):
		return nil, err
	}
	made, globErr := filepath.Glob(filepath.Join(dir, "*"))
	if globErr != nil || len(made) == 0 {
		return nil, corrupt("an old file of Office", errors.Join(err, globErr))
	}
	fresh, err := os.ReadFile(made[0])
	if err == nil && int64(len(fresh)) > o.MaxInputBytes {
		err = fault.TooLarge.Errorf("the converted file is larger than the limit; split it into smaller files").Because(document.ReasonTooLarge)
	}
	return fresh, err
}
