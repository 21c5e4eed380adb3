// What makes and changes elements. Text is only ever set as text.

const byId = new Map();

export function $(id) {
	if (!byId.has(id)) byId.set(id, document.getElementById(id));
	return byId.get(id);
}

// el makes an element. Properties are set as properties if the element has them, and
// as attributes else; children are elements or text.
export function el(tag, props = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(props)) {
		if (name in node) node[name] = value;
		else node.setAttribute(name, value);
	}
	node.append(...children.filter((c) => c !== null && c !== undefined).map((c) => (c instanceof Node ? c : String(c))));
	return node;
}

export function svg(tag, attributes = {}, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

// say sets a text only if it is another, so that nothing is read out twice.
export function say(node, text) {
	text = String(text);
	if (node.textContent !== text) node.textContent = text;
}

export function show(node, shown) {
	if (node.hidden === shown) node.hidden = !shown;
}

// sync makes the children of parent those of items, and keeps elements that are there,
// with the focus in them.
export function sync(parent, items, key, make, update) {
	const old = new Map();
	for (const child of parent.children) old.set(child.dataset.key, child);
	let at = parent.firstElementChild;
	for (const item of items) {
		const name = key(item);
		let node = old.get(name);
		if (node) old.delete(name);
		else {
			node = make(item);
			node.dataset.key = name;
		}
		update(node, item);
		if (node === at) at = at.nextElementSibling;
		else parent.insertBefore(node, at);
	}
	for (const node of old.values()) node.remove();
}

// part returns the element of a row that has the name.
export function part(node, name) {
	return node.querySelector(`[data-part="${name}"]`);
}

// choose sets the options of a select, and keeps what is chosen.
export function choose(select, values, label = (v) => v) {
	const chosen = select.value;
	sync(select, values, (v) => v, (v) => el("option", { value: v, textContent: label(v) }), () => {});
	if (values.includes(chosen) && select.value !== chosen) select.value = chosen;
}
