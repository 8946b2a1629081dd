import { ask } from "./api.js";

const made = (name, text, ...children) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};
const schemaName = (schema) => schema?.$ref?.split("/").pop();
const words = (schema) => (schema.anyOf ?? [schema])
  .map((one) => one.enum?.join(" | ") ?? one.type).filter((one) => one !== "null").join(", ");
/** A long line scrolls, so the keyboard must reach it. */
const shown = (schema) => Object.assign(made("pre", JSON.stringify(schema, null, 1)), { tabIndex: 0 });

/** A link to what is taken or given; the kind of content where that is not JSON of a known shape. */
function linked(label, content) {
  const [[kind, { schema }]] = Object.entries(content ?? { "": {} });
  const name = schemaName(schema);
  if (!name) return kind ? [made("p", `${label}: ${kind}`)] : [];
  const link = made("a", name);
  link.href = `#${name}`;
  return [made("p", `${label}: `, link)];
}

function operation(method, path, one) {
  const answer = Object.values(one.responses)[0];
  return made("section", "",
    made("h3", `${method.toUpperCase()} ${path}`),
    made("p", `${one.summary}. ${one.description ?? ""}`),
    ...(one.parameters ? [made("ul", "", ...one.parameters.map((each) =>
      made("li", [each.name, `(${each.in})`, each.description ?? words(each.schema)].join(" "))))] : []),
    ...linked("takes", one.requestBody?.content),
    ...linked("gives", answer.content));
}

ask("GET", "/openapi.json").then((document_) => {
  const tags = new Map();
  for (const [path, methods] of Object.entries(document_.paths))
    for (const [method, one] of Object.entries(methods))
      tags.set(one.tags[0], [...(tags.get(one.tags[0]) ?? []), operation(method, path, one)]);
  const operations = document.getElementById("operations");
  for (const [tag, sections] of tags) operations.append(made("h2", tag), ...sections);
  const schemas = document.getElementById("schemas");
  for (const [name, schema] of Object.entries(document_.components.schemas)) {
    const heading = made("h3", name);
    heading.id = name;
    schemas.append(heading, shown(schema));
  }
}, (error) => { document.getElementById("said").textContent = error.message; });
