// The flame graph's page: data.types[i] is a tree, parents before children.
// Nodes are numbers; everything about them is in parallel arrays.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = (id) => document.getElementById(id);
  const ROW = 18, NARROW = 0.6;
  let tree, zoomed = 0, selected = -1, pattern = null, down = true, focusName = -1;

  // --- numbers, as pprof prints them
  const scales = {
    bytes: [['B', 1], ['kB', 1024], ['MB', 1024 ** 2], ['GB', 1024 ** 3], ['TB', 1024 ** 4], ['PB', 1024 ** 5]],
    nanoseconds: [['ns', 1], ['us', 1e3], ['ms', 1e6], ['s', 1e9], ['mins', 6e10], ['hrs', 3.6e12]],
  };
  function amount(value) {
    const units = scales[tree.unit];
    if (value === 0) return '0';
    if (!units) return value.toLocaleString('en-US') + (tree.unit === 'count' ? '' : ' ' + tree.unit);
    let unit = units[0];
    for (const u of units) if (Math.abs(value) >= u[1]) unit = u;
    return (value / unit[1]).toFixed(2).replace(/\.00$/, '') + unit[0];
  }
  const signed = (value) => (value > 0 ? '+' : '') + amount(value);
  function percent(value, total) {
    const ratio = total === 0 ? 0 : Math.abs(value / total) * 100;
    return ratio >= 99.95 && ratio <= 100.05 ? '100%' : ratio.toFixed(2) + '%';
  }

  // --- trees
  function prepare(t) {
    if (t.kids) return t;
    const n = t.frame.length;
    t.kids = Array.from({ length: n }, () => []);
    t.depth = new Uint32Array(n);
    for (let i = 1; i < n; i++) {
      t.kids[t.parent[i]].push(i);
      t.depth[i] = t.depth[t.parent[i]] + 1;
    }
    for (const kids of t.kids) kids.sort((a, b) => t.width[b] - t.width[a] || a - b);
    t.before = t.before || null;
    return t;
  }
  const after = (t, i) => t.after[i];
  const before = (t, i) => (t.before ? t.before[i] : 0);
  const name = (t, i) => (t.frame[i] < 0 ? 'all' : data.names[t.frame[i]]);
  const isNew = (t, i) => data.difference && before(t, i) === 0 && after(t, i) > 0;
  const isGone = (t, i) => data.difference && after(t, i) === 0 && before(t, i) > 0;

  // A tree of all that a function calls (down) or is called by (up): the same
  // frames on the way are one node. Recursion counts its outermost call alone.
  function gather(f, up) {
    const t = { unit: tree.unit, total: tree.total, frame: [f], parent: [0], after: [0], before: data.difference ? [0] : null,
      width: [0], self: [0], rest: [0] };
    const index = new Map();
    const child = (at, frame) => {
      const key = at * (data.names.length + 1) + frame + 1;
      let c = index.get(key);
      if (c === undefined) {
        c = t.frame.push(frame) - 1;
        t.parent.push(at); t.after.push(0); t.width.push(0); t.self.push(0); t.rest.push(0);
        if (t.before) t.before.push(0);
        index.set(key, c);
      }
      return c;
    };
    const add = (to, from) => {
      t.after[to] += after(tree, from); t.width[to] += tree.width[from];
      if (t.before) t.before[to] += before(tree, from);
    };
    const inside = new Uint8Array(tree.frame.length);
    for (let i = 1; i < tree.frame.length; i++) {
      inside[i] = inside[tree.parent[i]];
      if (tree.frame[i] !== f || inside[i]) continue;
      inside[i] = 1;
      add(0, i);
      if (up) {
        for (let at = 0, p = tree.parent[i]; p !== 0; p = tree.parent[p]) {
          at = child(at, tree.frame[p]);
          add(at, i);
        }
      } else {
        const todo = [[0, i]];
        while (todo.length) {
          const [to, from] = todo.pop();
          for (const k of tree.kids[from]) {
            const c = child(to, tree.frame[k]);
            add(c, k);
            todo.push([c, k]);
          }
        }
      }
    }
    return prepare(t);
  }

  // --- colours
  function hue(text) {
    const cut = text.lastIndexOf('/');
    const pack = text.slice(0, text.indexOf('.', cut < 0 ? 0 : cut));
    let h = 2166136261;
    for (let i = 0; i < pack.length; i++) h = Math.imul(h ^ pack.charCodeAt(i), 16777619);
    return (h >>> 0) % 360;
  }
  function colour(t, i) {
    if (!data.difference) {
      const n = name(t, i);
      return n.startsWith('runtime.') ? '#c9ced6' : `hsl(${hue(n)} 62% 74%)`;
    }
    const delta = after(t, i) - before(t, i);
    const strength = Math.min(1, Math.abs(delta) / (tree.strongest || 1));
    if (delta === 0) return '#dfe2e6';
    const light = 92 - 38 * Math.sqrt(strength);
    return delta > 0 ? `hsl(28 92% ${light}%)` : `hsl(212 80% ${light}%)`;
  }

  // --- what one frame is
  function describe(t, i) {
    const lines = [name(t, i)];
    const cum = after(t, i), was = before(t, i);
    if (data.difference) {
      lines.push(`${signed(cum - was)} (${percent(cum - was, tree.total)})   now ${amount(cum)}   before ${amount(was)}` +
        (isNew(t, i) ? '   new' : isGone(t, i) ? '   gone' : ''));
    } else {
      lines.push(`${amount(cum)} (${percent(cum, tree.total)})   self ${amount(t.self[i])} (${percent(t.self[i], tree.total)})`);
    }
    return lines.join('\n');
  }

  // --- drawing: only what is wide enough
  function draw(box, t, root, isDown, onClick) {
    const wide = box.clientWidth || 1200;
    const chain = [];
    for (let i = root; i !== 0; i = t.parent[i]) chain.unshift(t.parent[i]);
    const todo = [[root, 0, wide, chain.length]];
    const out = document.createDocumentFragment();
    let deepest = chain.length;
    const put = (i, x, w, row, kind) => {
      const e = document.createElement('div');
      e.className = 'f' + kind;
      e.style.left = x + 'px';
      e.style.width = w + 'px';
      e.dataset.row = row;
      if (i >= 0) {
        e.dataset.node = i;
        e.dataset.name = name(t, i);
        e.style.background = colour(t, i);
        e.title = describe(t, i);
        if (w > 22) e.textContent = name(t, i);
        if (pattern && i !== 0 && pattern.test(name(t, i))) e.classList.add('hit');
        if (t === tree && i === selected) e.classList.add('at');
        if (isNew(t, i)) e.classList.add('new');
        if (isGone(t, i)) e.classList.add('gone');
        e.onclick = () => onClick(i);
        e.oncontextmenu = (event) => { event.preventDefault(); sandwich(t.frame[i]); };
        e.onmouseenter = () => { $('detail').textContent = describe(t, i); };
      } else {
        e.title = 'too narrow to show one by one';
      }
      out.append(e);
    };
    chain.forEach((i, row) => put(i, 0, wide, row, ' above'));
    while (todo.length) {
      const [i, x, w, row] = todo.pop();
      put(i, x, w, row, '');
      deepest = Math.max(deepest, row);
      let at = x, rest = 0;
      for (const k of t.kids[i]) {
        const kw = t.width[i] > 0 ? w * (t.width[k] / t.width[i]) : 0;
        if (kw < NARROW) { rest += kw; continue; }
        todo.push([k, at, kw, row + 1]);
        at += kw;
      }
      rest += t.width[i] > 0 ? w * (t.rest[i] / t.width[i]) : 0;
      if (rest >= NARROW) {
        put(-1, at, rest, row + 1, ' rest');
        deepest = Math.max(deepest, row + 1);
      }
    }
    for (const e of out.children) {
      const row = Number(e.dataset.row);
      e.style.top = (isDown ? row : deepest - row) * ROW + 'px';
    }
    box.style.height = (deepest + 1) * ROW + 'px';
    box.replaceChildren(out);
  }

  function found() {
    if (!pattern) { $('said').textContent = ''; return; }
    let sum = 0, count = 0;
    const inside = new Uint8Array(tree.frame.length);
    for (let i = 1; i < tree.frame.length; i++) {
      const hit = pattern.test(name(tree, i));
      count += hit;
      if (hit && !inside[tree.parent[i]]) sum += data.difference ? after(tree, i) - before(tree, i) : after(tree, i);
      inside[i] = inside[tree.parent[i]] || hit;
    }
    $('said').textContent = count === 0 ? 'nothing matches'
      : `matched ${data.difference ? signed(sum) : amount(sum)} (${percent(sum, tree.total)}) in ${count.toLocaleString('en-US')} frames`;
  }

  function render() {
    const two = focusName >= 0;
    $('flame').hidden = two;
    $('callers').hidden = $('callees').hidden = $('callers-caption').hidden = $('callees-caption').hidden = !two;
    for (const id of two ? ['flame'] : ['callers', 'callees']) $(id).replaceChildren();
    $('reset').disabled = zoomed === 0 && !two;
    if (two) {
      const up = gather(focusName, true), below = gather(focusName, false);
      const go = (t) => (i) => { if (t.frame[i] !== focusName) sandwich(t.frame[i]); };
      draw($('callers'), up, 0, false, go(up));
      draw($('callees'), below, 0, true, go(below));
      $('detail').textContent = describe(below, 0).replace(/ {3}self.*/, '');
    } else {
      draw($('flame'), tree, zoomed, down, zoom);
      $('detail').textContent = describe(tree, selected >= 0 ? selected : zoomed);
    }
    found();
  }

  // --- what a user does
  function zoom(i) { zoomed = i; selected = i; focusName = -1; render(); }
  function sandwich(frame) { if (frame >= 0) { focusName = frame; render(); } }
  function reset() { zoomed = 0; selected = -1; focusName = -1; render(); }
  function search(text) {
    try { pattern = text ? new RegExp(text, 'i') : null; $('search').setCustomValidity(''); }
    catch (e) { pattern = null; $('search').setCustomValidity(String(e.message)); $('search').reportValidity(); }
    render();
  }
  function choose(i) {
    tree = prepare(data.types[i]);
    tree.strongest = 0;
    for (let k = 1; k < tree.frame.length; k++) {
      tree.strongest = Math.max(tree.strongest, Math.abs(after(tree, k) - before(tree, k)));
    }
    $('least').textContent = '−' + amount(tree.strongest);
    $('most').textContent = '+' + amount(tree.strongest);
    $('left-out').textContent = tree.hidden > 0
      ? `${tree.hidden.toLocaleString('en-US')} calls of less than ${percent(data.minimum, 1)} each are not shown one by one.` : '';
    reset();
  }
  function step(key) {
    const at = selected >= 0 ? selected : zoomed;
    const up = tree.parent[at], kids = tree.kids[at];
    const peers = tree.kids[up], place = peers.indexOf(at);
    let to = at;
    if (key === (down ? 'ArrowUp' : 'ArrowDown')) to = up;
    else if (key === (down ? 'ArrowDown' : 'ArrowUp')) to = kids.length ? kids[0] : at;
    else if (key === 'ArrowLeft' && place > 0) to = peers[place - 1];
    else if (key === 'ArrowRight' && place >= 0 && place + 1 < peers.length) to = peers[place + 1];
    selected = to;
    render();
  }
  document.addEventListener('keydown', (event) => {
    const typing = event.target.tagName === 'INPUT' || event.target.tagName === 'SELECT';
    if (event.key === 'Escape') {
      if (typing) { $('search').value = ''; search(''); event.target.blur(); } else reset();
    } else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === '/') { $('search').focus(); event.preventDefault();
    } else if (event.key === '?') { $('help').showModal();
    } else if (event.key === 'i') { $('turn').click();
    } else if (event.key === 's') { sandwich(tree.frame[selected >= 0 ? selected : zoomed]);
    } else if (event.key === 'Enter') { zoom(selected >= 0 ? selected : 0);
    } else if (event.key.startsWith('Arrow') && focusName < 0) { step(event.key); event.preventDefault(); }
  });

  document.title = data.title + ' – flame graph';
  $('title').textContent = data.title;
  data.types.forEach((t, i) => $('type').append(new Option(t.type, i, false, i === data.chosen)));
  $('type').hidden = data.types.length < 2;
  $('type').onchange = (event) => choose(Number(event.target.value));
  $('search').oninput = (event) => search(event.target.value);
  $('reset').onclick = reset;
  $('turn').onclick = () => { down = !down; render(); };
  $('question').onclick = () => $('help').showModal();
  $('legend').hidden = !data.difference;
  let waiting = 0;
  window.addEventListener('resize', () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(render); });
  choose(data.chosen);
})();
