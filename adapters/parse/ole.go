package parse

import (
	"bytes"
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// oleMagic begins files of the container that old Office formats and protected new ones use (MS-CFB).
const oleMagic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// oleHolds reports whether the container's directory has an entry of that name; names are in UTF-16.
func oleHolds(data []byte, name string) bool {
	return bytes.Contains(data, []byte(strings.Join(strings.Split(name, ""), "\x00")))
}

// oleType tells what an OLE container holds; "" when its directory, which may stand anywhere, is not within data.
func oleType(data []byte) string {
	switch {
	case oleHolds(data, "WordDocument"):
		return DOC
	case oleHolds(data, "PowerPoint Document"):
		return PPT
	case oleHolds(data, "Workbook"), oleHolds(data, "Book"):
		return XLS
	case oleHolds(data, "__substg1.0_"), oleHolds(data, "__properties_version1.0"):
		return MSG
	}
	return ""
}

// oleFault tells what is in an OLE container that was sent as a newer document.
func oleFault(data []byte, what string) error {
	if oleHolds(data, "EncryptedPackage") {
		return encrypted()
	}
	return fault.Unsupported.Errorf("the file is in an old format of Office, not %s; save it in the new format and upload it again", what).
		Because(document.ReasonUnsupported)
}
