// <![CDATA[
(function () {
  'use strict';
  var svg = document.documentElement, all = [].slice.call(svg.querySelectorAll('g.f'));
  var wide = Number(svg.getAttribute('data-wide')), said = document.getElementById('said');
  all.forEach(function (g) {
    g.x = Number(g.getAttribute('data-x')); g.w = Number(g.getAttribute('data-w'));
    g.row = Number(g.getAttribute('data-row'));
    g.rect = g.querySelector('rect'); g.words = g.querySelector('text');
    g.full = g.getAttribute('data-name');
    g.addEventListener('click', function () { zoom(g); });
  });
  function fit(g, x, w) {
    var room = Math.floor((w - 6) / 6.9);
    g.rect.setAttribute('x', x); g.rect.setAttribute('width', Math.max(w, 0));
    g.words.setAttribute('x', x + 3);
    g.words.textContent = room >= g.full.length ? g.full : room > 3 ? g.full.slice(0, room - 1) + '…' : '';
  }
  function zoom(to) {
    var scale = wide / to.w;
    all.forEach(function (g) {
      var above = g.row < to.row && g.x <= to.x + 1e-6 && g.x + g.w >= to.x + to.w - 1e-6;
      var inside = g.row >= to.row && g.x >= to.x - 1e-6 && g.x + g.w <= to.x + to.w + 1e-6;
      g.style.display = above || inside ? '' : 'none';
      g.style.opacity = above ? 0.6 : 1;
      if (above) fit(g, 0, wide); else if (inside) fit(g, (g.x - to.x) * scale, g.w * scale);
    });
  }
  function search() {
    var text = window.prompt('search: regular expression', ''), pattern, hits = 0;
    if (text === null) return;
    try { pattern = text === '' ? null : new RegExp(text, 'i'); } catch (e) { said.textContent = String(e.message); return; }
    all.forEach(function (g) {
      var hit = pattern !== null && pattern.test(g.full);
      hits += hit ? 1 : 0;
      g.rect.setAttribute('stroke', hit ? '#c026d3' : 'none');
    });
    said.textContent = pattern === null ? '' : hits + ' frames match';
  }
  document.getElementById('find').addEventListener('click', search);
  document.getElementById('whole').addEventListener('click', function () { zoom(all[0]); });
  document.addEventListener('keydown', function (event) {
    if (event.key === '/') { event.preventDefault(); search(); } else if (event.key === 'Escape') zoom(all[0]);
  });
})();
// ]]>
