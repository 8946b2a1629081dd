/** The style of the views that are loaded when they are wanted; awaited, so that none shows bare. */

const link = document.createElement("link");
link.rel = "stylesheet";
link.href = new URL("./views.css", import.meta.url);
await new Promise((done) => {
  link.onload = done;
  link.onerror = done;
  document.head.append(link);
});
