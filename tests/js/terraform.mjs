// What Terraform makes of a document in its JSON syntax, as HashiCorp's own parser reads its texts: which are templates, what they
// refer to, and what they say once the references have values.
// https://github.com/hashicorp/hcl/blob/main/json/spec.md
// SPDX-License-Identifier: Apache-2.0

// Texts that are expressions, and such as mean themselves, by where they stand.
const EXPRESSION = /^variable\.\w+\.type$|\.depends_on\[\d+\]$/;
const PLAIN = /^\/\/$|^terraform\.|^variable\.\w+\.(default|description)$|^output\.\w+\.description$/;
const LOCAL = ["each.value"];
const TYPES = ["string", "map", "set"];

const texts = function* (value, at = "") {
    if (typeof value === "string") yield [at, value];
    else if (Array.isArray(value)) for (const [i, one] of value.entries()) yield* texts(one, `${at}[${i}]`);
    else if (value !== null && typeof value === "object")
        for (const [key, one] of Object.entries(value)) yield* texts(one, at === "" ? key : `${at}.${key}`);
};

// All references below a node of the syntax tree.
const references = function* (node) {
    if (node.type === "scopeTraversal") yield node.meta.traversal.map((part) => part.segment);
    for (const child of node.children) yield* references(child);
};

/** Is there what a reference names: a variable, a resource, a data source? */
function isKnown(document, [first, second, third]) {
    if (first === "var") return second in (document.variable ?? {});
    if (first === "data") return third in (document.data?.[second] ?? {});
    return LOCAL.includes(`${first}.${second}`) || second in (document.resource?.[first] ?? {});
}

/**
 * @param hcl the package @cdktf/hcl2json
 * @param values what references stand for, as texts: {"var.x": "…"}
 * @returns {faults, said}: said has for the place of each text what it says; no entry where it is an expression of another kind.
 */
export async function readingOf(document, hcl, values = {}) {
    const faults = [], said = {};

    // A heredoc is a template in which nothing else is escaped: as a text of the JSON syntax is. Its last newline is the heredoc's own.
    const parse = (text, isExpression) =>
        hcl.getExpressionAst("document.tf", isExpression ? text : `<<END_OF_THE_TEXT\n${text}\nEND_OF_THE_TEXT\n`);
    const meaning = (node) =>
        node.type === "literalValue" ? node.meta.value.replace(/([$%])\1\{/g, "$1{") : values[node.meta.value];

    for (const [at, text] of texts(document)) {
        if (PLAIN.test(at)) {
            said[at] = text;
            continue;
        }
        const isExpression = EXPRESSION.test(at);
        try {
            const tree = await parse(text, isExpression);
            for (const reference of references(tree))
                if (!(isExpression && TYPES.includes(reference[0])) && !isKnown(document, reference))
                    faults.push(`${at}: no such thing: ${reference.join(".")}`);
            const parts = isExpression ? [undefined] : tree.children.map(meaning);
            if (!parts.includes(undefined)) said[at] = parts.join("").slice(0, -1);
        } catch (error) {
            faults.push(`${at}: ${error.message}`);
        }
    }
    return { faults, said };
}
