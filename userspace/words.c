// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "forwards.h"
#include "words.h"

static bool is_joint(const char *word)
{
	return forward_is_keyword(word) || !strcasecmp(word, "except") || !strcasecmp(word, "and");
}

/* True if a word goes on with the forward of the word before it. */
static bool goes_on(const char *word, const char *before)
{
	if (is_joint(word))
		return true;
	if (!strcasecmp(before, "force"))
		return false;
	if (is_joint(before))
		return true;
	/* One more prefix or rate: no protocol looks like one. */
	if (strpbrk(word, ".:@"))
		return !strstr(word, "->");
	return *word >= '0' && *word <= '9' && strpbrk(word, "bpBP") && !strpbrk(word, "+/");
}

static bool follows(const char *text, const char *before)
{
	const char *blank = strrchr(before, ' ');
	char *first = text_copy_n(text, strcspn(text, " "));
	bool ret = goes_on(first, blank ? blank + 1 : before);

	free(first);
	return ret;
}

char *words_join(int argc, char *argv[])
{
	bool quoted, quoted_before = true;
	char *joined = NULL;
	size_t size;
	FILE *out;
	int i;

	out = open_memstream(&joined, &size);
	for (i = 0; out && i < argc; i++) {
		char *copy = text_copy(argv[i]);
		char *text = text_trim(copy);
		char *p;

		for (p = text; *p; p++) {
			if (isspace((unsigned char)*p))
				*p = ' ';
		}
		quoted = strchr(text, ' ');
		if (i && follows(text, argv[i - 1]))
			fputc(' ', out);
		else if (i)
			fputs(quoted || quoted_before ? "\n" : ", ", out);
		fputs(text, out);
		quoted_before = quoted;
		free(copy);
	}
	if (!out || fclose(out) || !joined)
		return text_copy("");
	return joined;
}
