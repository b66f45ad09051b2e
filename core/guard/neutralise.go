package guard

import "strings"

// Neutralise returns a text in which nothing is left that a model or its server takes for the mark of a role or of a part of a prompt,
// such as <|im_start|>, [INST] or </passage>. People read it as before: a blank stands after the first character of each mark.
func Neutralise(s string) string {
	if !strings.ContainsAny(s, "<[|-\n") {
		return s
	}
	return marks.Replace(s)
}

// marks lists the marks of common templates of prompts, and those of this program.
var marks = strings.NewReplacer(
	"<|", "< |",
	"|>", "| >",
	"<<SYS>>", "< <SYS>>",
	"<</SYS>>", "< </SYS>>",
	"[INST]", "[ INST]",
	"[/INST]", "[ /INST]",
	"<s>", "< s>",
	"</s>", "< /s>",
	"<passage", "< passage",
	"</passage", "< /passage",
	"---[", "- --[",
	"<system>", "< system>",
	"</system>", "< /system>",
	"<start_of_turn>", "< start_of_turn>",
	"<end_of_turn>", "< end_of_turn>",
	"\nHuman:", "\n Human:",
	"\nAssistant:", "\n Assistant:",
	"\nSystem:", "\n System:",
	"\nUser:", "\n User:",
)
