/** Styles of views that are loaded when they are wanted; awaited, so that none shows bare. */

const brought = new Map();

/** Bring a style sheet that lies beside this module. */
export function styled(name) {
  if (!brought.has(name)) {
    brought.set(name, new Promise((done) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = new URL(name, import.meta.url);
      link.onload = done;
      link.onerror = done;
      document.head.append(link);
    }));
  }
  return brought.get(name);
}
