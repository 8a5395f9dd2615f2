// Search by name: what begins with the words comes first, then what has them inside.
(() => {
  const field = document.getElementById("search-field");
  const found = document.getElementById("found");
  const contents = document.getElementById("contents");
  const up = document.documentElement.dataset.up;
  const rank = (name, about, words) => {
    const last = name.slice(name.lastIndexOf(".") + 1);
    let sum = 0;
    for (const word of words) {
      if (last === word) sum += 0;
      else if (last.startsWith(word)) sum += 1;
      else if (name.includes(word)) sum += 2;
      else if (about.includes(word)) sum += 4;
      else return -1;
    }
    return sum;
  };
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    found.hidden = words.length === 0;
    contents.hidden = words.length > 0;
    found.textContent = "";
    const hits = [];
    for (const [name, kind, to, about] of INDEX) {
      const at = rank(name.toLowerCase(), about.toLowerCase(), words);
      if (at >= 0) hits.push([at, name, kind, to, about]);
    }
    hits.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length || (a[1] < b[1] ? -1 : 1));
    for (const [, name, kind, to, about] of hits.slice(0, 60)) {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = up + to;
      const word = document.createElement("span");
      word.className = "kind";
      word.textContent = kind;
      const says = document.createElement("small");
      says.textContent = about.replaceAll("`", "");
      link.append(word, " ", name, says);
      line.append(link);
      found.append(line);
    }
    if (words.length > 0 && hits.length === 0) found.innerHTML = "<li class=\"none\">nothing is called so</li>";
  };
  field.addEventListener("input", show);
  field.addEventListener("keydown", event => {
    if (event.key === "Enter") found.querySelector("a")?.click();
    if (event.key === "Escape") { field.value = ""; show(); field.blur(); }
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  });
  // A link may lead to something that is folded away.
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target?.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
})();
