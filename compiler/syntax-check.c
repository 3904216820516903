/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/syntax-check.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "compiler/types.h"

enum {
	TYPE_SIZE_MAX = 512,
};

struct check {
	/* clang prints a place's file and line only where they change. */
	const char *file;
	long line;
	json_t *kernel_fields; /* set of ids of fields of kernel types */
	json_t *unnamed; /* set of ids of unnamed kernel records */
	json_t *kernel_variables; /* set of ids of extern variables */
	json_t *array_types; /* set of names of typedefs of arrays */
	json_t *constants; /* set of ids of constexpr variables */
	bool in_function, in_static, in_question;
	size_t error_count;
};

static const char *text_of(const json_t *node, const char *key)
{
	const char *text = json_string_value(json_object_get(node, key));

	return text != NULL ? text : "";
}

static bool is_kind(const json_t *node, const char *kind)
{
	return strcmp(text_of(node, "kind"), kind) == 0;
}

__attribute__((format(printf, 2, 3))) static void complain(struct check *check, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%ld: error: ", check->file, check->line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	check->error_count++;
}

/* ---- places */

static void follow_place(struct check *check, const json_t *place)
{
	const json_t *inner;
	const char *key;

	json_object_foreach((json_t *)place, key, inner)
	{
		if (strcmp(key, "file") == 0)
			check->file = json_string_value(inner);
		else if (strcmp(key, "line") == 0)
			check->line = (long)json_integer_value(inner);
		else if (strcmp(key, "spellingLoc") == 0 || strcmp(key, "expansionLoc") == 0)
			follow_place(check, inner);
	}
}

/* Leaves file and line at the node's beginning; *ret_end_* where clang's
 * printing stands after the node's own range. */
static void enter_place(struct check *check, const json_t *node, const char **ret_end_file, long *ret_end_line)
{
	const json_t *range = json_object_get(node, "range");

	follow_place(check, json_object_get(node, "loc"));
	follow_place(check, json_object_get(range, "begin"));
	const char *file = check->file;
	long line = check->line;
	follow_place(check, json_object_get(range, "end"));
	*ret_end_file = check->file;
	*ret_end_line = check->line;
	check->file = file;
	check->line = line;
}

/* ---- types */

/* A type as clang prints it, typedefs resolved, without qualifiers and array
 * bounds. */
static const char *bare_type(const json_t *type, char bare[static TYPE_SIZE_MAX])
{
	const char *text = text_of(type, "desugaredQualType");
	static const char *const qualifiers[] = {"const ", "volatile ", "restrict "};

	if (*text == 0)
		text = text_of(type, "qualType");
	for (size_t i = 0; i < 3; i++) {
		if (strncmp(text, qualifiers[i], strlen(qualifiers[i])) == 0) {
			text += strlen(qualifiers[i]);
			i = (size_t)-1;
		}
	}
	snprintf(bare, TYPE_SIZE_MAX, "%s", text);
	bare[strcspn(bare, "[")] = 0;
	for (size_t size = strlen(bare); size > 0 && bare[size - 1] == ' '; size--)
		bare[size - 1] = 0;
	return bare;
}

static bool is_kernel_type(const json_t *type)
{
	char bare[TYPE_SIZE_MAX];

	return kernel_type_known(bare_type(type, bare));
}

static bool is_kernel_pointer(const json_t *type)
{
	char bare[TYPE_SIZE_MAX];
	size_t size = strlen(bare_type(type, bare));

	if (size < 2 || bare[size - 1] != '*')
		return false;
	for (bare[--size] = 0; size > 0 && bare[size - 1] == ' '; size--)
		bare[size - 1] = 0;
	return kernel_type_known(bare);
}

/* A type whose elements are arrays, in clang's way of printing: "int (*)[5]", or
 * "row *" where row is such a typedef. */
static bool is_array_pointer(const struct check *check, const json_t *type)
{
	const char *text = text_of(type, "desugaredQualType");
	char bare[TYPE_SIZE_MAX];

	if (*text == 0)
		text = text_of(type, "qualType");
	size_t size = strlen(text);
	if (size > 0 && text[size - 1] == ']' && strstr(text, "(*)[") != NULL)
		return true;
	size = strlen(bare_type(type, bare));
	if (size < 2 || bare[size - 1] != '*')
		return false;
	for (bare[--size] = 0; size > 0 && bare[size - 1] == ' '; size--)
		bare[size - 1] = 0;
	return json_object_get(check->array_types, bare) != NULL;
}

static const json_t *child(const json_t *node, size_t index)
{
	return json_array_get(json_object_get(node, "inner"), index);
}

/* ---- which types are the kernel's */

static bool has_child_of_kind(const json_t *node, const char *kind)
{
	const json_t *inner;
	size_t i;

	json_array_foreach(json_object_get(node, "inner"), i, inner)
	{
		if (is_kind(inner, kind))
			return true;
	}
	return false;
}

static bool has_attribute(const json_t *node)
{
	return has_child_of_kind(node, "BPFPreserveAccessIndexAttr");
}

static void collect_record(struct check *check, const json_t *node)
{
	const char *name = text_of(node, "name");

	if (!has_attribute(node))
		return;
	if (*name != 0)
		kernel_type_add(text_of(node, "tagUsed"), name);
	else
		json_object_set_new(check->unnamed, text_of(node, "id"), json_true());
}

static void collect_typedef(struct check *check, const json_t *node)
{
	const json_t *owned = json_object_get(child(node, 0), "ownedTagDecl");
	const char *id = text_of(owned, "id");
	const json_t *type = json_object_get(node, "type");
	const char *text = text_of(type, "desugaredQualType");

	if (*text == 0)
		text = text_of(type, "qualType");
	if (*text != 0 && text[strlen(text) - 1] == ']')
		json_object_set_new(check->array_types, text_of(node, "name"), json_true());
	if (json_object_get(check->unnamed, id) == NULL)
		return;
	kernel_type_add("typedef", text_of(node, "name"));
	json_object_del(check->unnamed, id);
}

static void collect(struct check *check, const json_t *node)
{
	const json_t *inner;
	size_t i;

	if (is_kind(node, "RecordDecl"))
		collect_record(check, node);
	else if (is_kind(node, "TypedefDecl"))
		collect_typedef(check, node);
	else if (is_kind(node, "FieldDecl") && has_attribute(node))
		json_object_set_new(check->kernel_fields, text_of(node, "id"), json_true());
	else if (is_kind(node, "VarDecl") && strcmp(text_of(node, "storageClass"), "extern") == 0 &&
		 !has_child_of_kind(node, "SectionAttr"))
		json_object_set_new(check->kernel_variables, text_of(node, "id"), json_true());
	else if (is_kind(node, "VarDecl") && json_is_true(json_object_get(node, "constexpr")))
		json_object_set_new(check->constants, text_of(node, "id"), json_true());
	json_array_foreach(json_object_get(node, "inner"), i, inner) collect(check, inner);
}

/* ---- the checks */

static const json_t *skip_parentheses(const json_t *node)
{
	while (is_kind(node, "ParenExpr"))
		node = child(node, 0);
	return node;
}

/* From an element to the array that it is in. */
static const json_t *skip_subscripts(const json_t *node)
{
	node = skip_parentheses(node);
	while (is_kind(node, "ArraySubscriptExpr")) {
		node = skip_parentheses(child(node, 0));
		if (is_kind(node, "ImplicitCastExpr") && strcmp(text_of(node, "castKind"), "ArrayToPointerDecay") == 0)
			node = skip_parentheses(child(node, 0));
	}
	return node;
}

static bool is_kernel_field(const struct check *check, const json_t *node)
{
	node = skip_subscripts(node);
	return is_kind(node, "MemberExpr") &&
	       json_object_get(check->kernel_fields, text_of(node, "referencedMemberDecl")) != NULL;
}

static bool is_kernel_place(const struct check *check, const json_t *node)
{
	const char *id = text_of(json_object_get(skip_subscripts(node), "referencedDecl"), "id");

	return is_kernel_field(check, node) || json_object_get(check->kernel_variables, id) != NULL;
}

static void check_sizeof(struct check *check, const json_t *node)
{
	const json_t *type = json_object_get(node, "argType");
	const json_t *operand = child(node, 0);

	if (type == NULL)
		type = json_object_get(operand, "type");
	if (is_kernel_type(type))
		complain(check, "%s of a kernel type is fixed at compile time: use type_size()", text_of(node, "name"));
	else if (operand != NULL && is_kernel_field(check, operand))
		complain(check, "%s of a kernel type's field is fixed at compile time: use field_size()",
			 text_of(node, "name"));
}

static void check_variable(struct check *check, const json_t *node)
{
	const json_t *type = json_object_get(node, "type");
	bool is_parameter = is_kind(node, "ParmVarDecl");

	if (!is_kernel_type(type) || (!is_parameter && strcmp(text_of(node, "storageClass"), "extern") == 0))
		return;
	complain(check,
		 "'%s' is an own variable of the kernel's type '%s', whose layout is known only at run time: "
		 "keep a pointer, or the fields that matter",
		 text_of(node, "name"), text_of(type, "qualType"));
}

static void check_field(struct check *check, const json_t *node)
{
	if (!has_attribute(node) && is_kernel_type(json_object_get(node, "type")))
		complain(check, "'%s' puts the kernel's type '%s' into an own struct: keep a pointer",
			 text_of(node, "name"), text_of(json_object_get(node, "type"), "qualType"));
}

/* Whoever holds a pointer to an array can step over the array, by its declared
 * size. BTF has only the product of an array's dimensions, so the kernel's can't
 * be asked for. */
static void check_array_pointer(struct check *check, const json_t *node)
{
	if (!check->in_question && is_array_pointer(check, json_object_get(node, "type")) &&
	    is_kernel_place(check, child(node, 0)))
		complain(check, "an array of arrays in the kernel: its inner dimensions can't be asked for, so "
				"guest C can't index it");
}

static const char *variable_of(const json_t *node)
{
	return text_of(json_object_get(node, "referencedDecl"), "id");
}

/* Has clang all that it needs to compute this itself? In a static initialiser
 * it has the addresses of own variables too. Those of kernel variables are
 * symbols.c's to refuse. */
static bool is_fixed(const struct check *check, const json_t *node)
{
	const json_t *inner;
	size_t i;

	if (is_kind(node, "CallExpr") || is_kind(node, "StmtExpr"))
		return false;
	if (is_kind(node, "DeclRefExpr") &&
	    strcmp(text_of(json_object_get(node, "referencedDecl"), "kind"), "EnumConstantDecl") != 0 &&
	    json_object_get(check->constants, variable_of(node)) == NULL &&
	    (!check->in_static || json_object_get(check->kernel_variables, variable_of(node)) != NULL))
		return false;
	json_array_foreach(json_object_get(node, "inner"), i, inner)
	{
		if (!is_fixed(check, inner))
			return false;
	}
	return true;
}

/* Where a constant is wanted, clang computes with the declared layout: enum
 * constants, static variables, conditions, case labels. No matter where: it
 * needs no constant address of its own to ask for an offset. */
static void check_member(struct check *check, const json_t *node)
{
	const json_t *base = skip_parentheses(child(node, 0));

	if (!check->in_question && !is_kernel_field(check, base) && is_kernel_field(check, node) &&
	    is_fixed(check, base))
		complain(check, "a field at a constant address is fixed at compile time: use field_offset(), or a "
				"variable pointer");
}

static bool is_step(const json_t *node)
{
	const char *opcode = text_of(node, "opcode");

	return is_kind(node, "ArraySubscriptExpr") || strcmp(opcode, "+") == 0 || strcmp(opcode, "-") == 0;
}

static void check_kernel_step(struct check *check, const json_t *node)
{
	for (size_t i = 0; i < 2; i++) {
		const json_t *pointer = child(node, i);
		if (is_kernel_pointer(json_object_get(pointer, "type")) && is_fixed(check, pointer) && is_step(node))
			complain(check, "steps from a constant address over a kernel type, whose size is fixed at "
					"compile time: use type_size(), or a variable pointer");
	}
}

static bool is_array_address(const struct check *check, const json_t *node)
{
	node = skip_parentheses(node);
	return is_kind(node, "UnaryOperator") && strcmp(text_of(node, "opcode"), "&") == 0 &&
	       is_array_pointer(check, json_object_get(node, "type")) && is_kernel_place(check, child(node, 0));
}

/* &p->array + 1, (&p->array)[1] */
static void check_array_step(struct check *check, const json_t *node)
{
	if (is_array_address(check, child(node, 0)) || is_array_address(check, child(node, 1)))
		complain(check, "steps over a whole array of the kernel's, whose length is known only at run time");
}

/* &p->grid is a pointer to an array of arrays. */
static void check_address(struct check *check, const json_t *node)
{
	const json_t *operand = child(node, 0);
	const char *text = text_of(json_object_get(operand, "type"), "qualType");
	const char *inner = strchr(text, '[');
	char element[TYPE_SIZE_MAX];

	if (strcmp(text_of(node, "opcode"), "&") != 0 || inner == NULL || !is_kernel_place(check, operand))
		return;
	if (strstr(inner, "][") != NULL ||
	    json_object_get(check->array_types, bare_type(json_object_get(operand, "type"), element)) != NULL)
		complain(check, "an array of arrays in the kernel: its inner dimensions can't be asked for, so "
				"guest C can't point to it");
}

static void check_cast(struct check *check, const json_t *node)
{
	const char *kind = text_of(node, "castKind");

	if (strcmp(kind, "ArrayToPointerDecay") == 0 || strcmp(kind, "LValueToRValue") == 0)
		check_array_pointer(check, node);
	if (strcmp(text_of(node, "castKind"), "LValueToRValue") == 0 && is_kernel_type(json_object_get(node, "type")))
		complain(check, "copies a whole '%s', whose layout is known only at run time: read its fields",
			 text_of(json_object_get(node, "type"), "qualType"));
}

static void check_binary(struct check *check, const json_t *node)
{
	check_array_step(check, node);
	check_kernel_step(check, node);
	if (strcmp(text_of(node, "opcode"), "-") == 0 && is_kernel_pointer(json_object_get(child(node, 0), "type")) &&
	    is_kernel_pointer(json_object_get(child(node, 1), "type")))
		complain(check, "the distance of two pointers to a kernel type depends on its size: "
				"use guest_distance()");
}

static void check_literal(struct check *check, const json_t *node)
{
	if (is_kernel_type(json_object_get(node, "type")))
		complain(check, "makes a value of the kernel's type '%s', whose layout is known only at run time",
			 text_of(json_object_get(node, "type"), "qualType"));
}

static void check_subscript(struct check *check, const json_t *node)
{
	check_array_step(check, node);
	check_kernel_step(check, node);
	if (strstr(text_of(json_object_get(node, "type"), "qualType"), "(unnamed ") != NULL &&
	    is_kernel_field(check, node))
		complain(check, "the size of this array's elements can't be asked of the kernel: their struct has no "
				"name there");
}

/* What clang calls in a call by name, "" where it doesn't. */
static const char *called_name(const json_t *call)
{
	const json_t *called = child(call, 0);

	while (is_kind(called, "ImplicitCastExpr") || is_kind(called, "ParenExpr"))
		called = child(called, 0);
	return text_of(json_object_get(called, "referencedDecl"), "name");
}

static void check_call(struct check *check, const json_t *node)
{
	const char *name = called_name(node);

	if (strcmp(name, "__builtin_object_size") == 0 || strcmp(name, "__builtin_dynamic_object_size") == 0)
		complain(check,
			 "%s is fixed at compile time: use type_size() or field_size(), or sizeof for what is "
			 "your own",
			 name);
}

static void check_node(struct check *check, const json_t *node)
{
	const char *kind = text_of(node, "kind");

	if (strcmp(kind, "UnaryExprOrTypeTraitExpr") == 0)
		check_sizeof(check, node);
	else if (strcmp(kind, "OffsetOfExpr") == 0)
		complain(check, "offsetof is fixed at compile time: use field_offset()");
	else if (strcmp(kind, "VarDecl") == 0 || strcmp(kind, "ParmVarDecl") == 0)
		check_variable(check, node);
	else if (strcmp(kind, "FieldDecl") == 0)
		check_field(check, node);
	else if (strcmp(kind, "ImplicitCastExpr") == 0)
		check_cast(check, node);
	else if (strcmp(kind, "CallExpr") == 0)
		check_call(check, node);
	else if (strcmp(kind, "ConstructorAttr") == 0 || strcmp(kind, "DestructorAttr") == 0)
		complain(check, "constructors and destructors: guest C runs only where it is called, on a kernel");
	else if (strcmp(kind, "MemberExpr") == 0)
		check_member(check, node);
	else if (strcmp(kind, "IndirectGotoStmt") == 0)
		complain(check, "computed jumps can't be checked: use switch");
	else if (strcmp(kind, "FileScopeAsmDecl") == 0)
		complain(check, "assembly at file level: guest C runs on another machine than the kernel's");
	else if (strcmp(kind, "ArraySubscriptExpr") == 0)
		check_subscript(check, node);
	else if (strcmp(kind, "UnaryOperator") == 0)
		check_address(check, node);
	else if (strcmp(kind, "BinaryOperator") == 0)
		check_binary(check, node);
	else if (strcmp(kind, "CompoundLiteralExpr") == 0 || strcmp(kind, "InitListExpr") == 0)
		check_literal(check, node);
}

static void enter_context(struct check *check, const json_t *node)
{
	static const char question[] = "__builtin_preserve_";

	if (is_kind(node, "FunctionDecl"))
		check->in_function = true;
	else if (is_kind(node, "VarDecl"))
		check->in_static = !check->in_function || strcmp(text_of(node, "storageClass"), "static") == 0;
	else if (is_kind(node, "CallExpr"))
		check->in_question = strncmp(called_name(node), question, sizeof question - 1) == 0;
}

static void walk(struct check *check, const json_t *node)
{
	bool in_function = check->in_function, in_static = check->in_static, in_question = check->in_question;
	const json_t *inner;
	const char *end_file;
	long end_line;
	size_t i;

	enter_place(check, node, &end_file, &end_line);
	enter_context(check, node);
	check_node(check, node);
	check->file = end_file;
	check->line = end_line;
	json_array_foreach(json_object_get(node, "inner"), i, inner) walk(check, inner);
	check->in_function = in_function;
	check->in_static = in_static;
	check->in_question = in_question;
}

static status check_tree(const char *source, const json_t *tree)
{
	struct check check = {
		.file = source,
		.kernel_fields = json_object(),
		.unnamed = json_object(),
		.kernel_variables = json_object(),
		.array_types = json_object(),
		.constants = json_object(),
	};

	if (check.kernel_fields == NULL || check.unnamed == NULL || check.kernel_variables == NULL ||
	    check.array_types == NULL || check.constants == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	collect(&check, tree);
	walk(&check, tree);
	json_decref(check.kernel_fields);
	json_decref(check.unnamed);
	json_decref(check.kernel_variables);
	json_decref(check.array_types);
	json_decref(check.constants);
	return check.error_count == 0 ? STATUS_OK : STATUS_MALFORMED;
}

status syntax_check(const char *source, const char *tree_path)
{
	json_error_t error;
	json_t *tree = json_load_file(tree_path, 0, &error);

	if (tree == NULL)
		return report(STATUS_MALFORMED, "%s:%d: can't read clang's syntax tree: %s (is it clang 19?)",
			      tree_path, error.line, error.text);
	status outcome = check_tree(source, tree);
	json_decref(tree);
	return outcome;
}
