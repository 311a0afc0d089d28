/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"
#include "report/svg.h"

static const char *const rules[] = {
    ":root{color-scheme:light dark;--paper:#f5f6f8;--card:#fff;--ink:#1c2430;"
    "--dim:#5b6472;--grid:#e6e9ee;--axis:#9aa3b0;--edge:#dde1e7;"
    "--bad:#c62828;--bad-soft:#fdeceb;--good:#1b7a43;--good-soft:#e8f5ec;"
    "--code:#f0f2f5;--usage:#2563eb;--rss:#0d9488;--heap:#7c3aed;"
    "--stacks:#db2777;--goroutines:#c2670a;--p0:#7c3aed;--p1:#64748b;"
    "--p2:#93a1b5;--p3:#db2777;--p4:#0ea5e9;--p5:#ea580c;--p6:#65a30d;"
    "--p7:#0d9488;--p8:#a16207;--p9:#eab308;--p10:#334155;--p11:#b8bec8}",
    "@media(prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2029;"
    "--ink:#e6eaf0;--dim:#9aa5b4;--grid:#2a323e;--axis:#5f6b7a;"
    "--edge:#2c3541;--bad:#ff7b72;--bad-soft:#3a1f20;--good:#5fd08d;"
    "--good-soft:#16301f;--code:#11151b;--usage:#60a5fa;--rss:#2dd4bf;"
    "--heap:#a78bfa;--stacks:#f472b6;--goroutines:#fbbf24;--p0:#8b5cf6;"
    "--p10:#7c8aa0;--p11:#4a5565}}",
    "*{box-sizing:border-box}",
    "body{margin:0;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;"
    "-webkit-text-size-adjust:100%}",
    "main{max-width:1080px;margin:0 auto;padding:24px 20px 48px}",
    ".top{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--dim);"
    "font-size:13px;margin-bottom:14px}",
    ".top b{color:var(--ink)}",
    "h1{font-size:20px;line-height:1.4;font-weight:600;margin:0 0 18px;"
    "overflow-wrap:anywhere}",
    "h2{font-size:16px;margin:0 0 12px}",
    "h3{font-size:13px;margin:18px 0 6px;color:var(--dim);font-weight:600}",
    "section{background:var(--card);border:1px solid var(--edge);"
    "border-radius:10px;padding:18px 20px;margin:0 0 16px}",
    "p{margin:0 0 10px;overflow-wrap:anywhere}",
    ".verdict{border-left:5px solid var(--bad)}",
    ".verdict.none{border-left-color:var(--good)}",
    ".verdict h2{font-size:24px;line-height:1.25;margin:0}",
    ".title{display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center;"
    "justify-content:space-between;margin-bottom:10px}",
    ".title h2,.title h3{flex:1 1 260px;overflow-wrap:anywhere;margin:0}",
    ".title h3{font-size:16px;color:var(--ink)}",
    ".sure{color:var(--dim);font-size:13px;white-space:nowrap}",
    ".sure b{color:var(--ink);font-size:15px}",
    "meter{width:84px;height:12px;vertical-align:-1px;margin-left:6px}",
    ".tags{margin:0 0 10px}",
    ".tag{display:inline-block;font-size:12px;border-radius:999px;"
    "padding:1px 10px;margin:0 6px 4px 0;background:var(--code);"
    "color:var(--dim);overflow-wrap:anywhere}",
    ".tag.cause{background:var(--bad-soft);color:var(--bad);font-weight:600}",
    "code,pre,.mono{font-family:ui-monospace,'SF Mono',Menlo,Consolas,"
    "'DejaVu Sans Mono',monospace;font-size:13px}",
    "code{overflow-wrap:anywhere}",
    ".frames{display:grid;grid-template-columns:auto minmax(0,1fr);"
    "gap:6px 18px;margin:14px 0}",
    ".frames dt{color:var(--dim);white-space:nowrap}",
    ".frames dd{margin:0;min-width:0}",
    ".frames .place{color:var(--dim);margin-left:10px;white-space:nowrap;"
    "font-size:13px}",
    ".frames .first code{font-weight:700}",
    ".source{display:block;background:var(--code);border-radius:6px;"
    "border-left:3px solid var(--bad);padding:8px 12px;margin:6px 0 2px;"
    "overflow-x:auto;white-space:pre}",
    ".source i{font-style:normal;color:var(--dim);margin-right:14px;"
    "user-select:none}",
    ".fix{background:var(--good-soft);border-left:3px solid var(--good);"
    "border-radius:6px;padding:10px 14px;margin:14px 0 0}",
    ".fix b{color:var(--good)}",
    ".scroll{overflow-x:auto;margin:0 -4px;padding:0 4px}",
    "table{border-collapse:collapse;width:100%;font-size:14px}",
    "th{font-size:12px;font-weight:600;color:var(--dim);text-align:left;"
    "white-space:nowrap}",
    "th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--grid);"
    "vertical-align:top}",
    "tr:last-child td{border-bottom:0}",
    "td{overflow-wrap:break-word}",
    "th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}",
    "td.dim,.dim{color:var(--dim)}",
    "td.for{color:var(--good);font-weight:700;width:1.6em}",
    "td.against{color:var(--bad);font-weight:700;width:1.6em}",
    "td.warn{color:var(--bad)}",
    ".bar{display:flex;height:30px;border-radius:6px;overflow:hidden;"
    "background:var(--grid);margin:0 0 14px}",
    ".bar div{min-width:2px;color:#fff;font-size:12px;line-height:30px;"
    "text-align:center;overflow:hidden;white-space:nowrap}",
    ".swatch{display:inline-block;width:11px;height:11px;border-radius:3px;"
    "margin-right:9px}",
    ".p0{background:var(--p0)}.p1{background:var(--p1)}"
    ".p2{background:var(--p2)}.p3{background:var(--p3)}"
    ".p4{background:var(--p4)}.p5{background:var(--p5)}"
    ".p6{background:var(--p6)}.p7{background:var(--p7)}"
    ".p8{background:var(--p8)}.p9{background:var(--p9)}"
    ".p10{background:var(--p10)}.p11{background:var(--p11)}",
    "figure{margin:0}figcaption{color:var(--dim);font-size:13px;"
    "margin-top:4px}",
    "figure+figure{margin-top:20px}",
    ".small{display:none}",
    "pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "background:var(--code);border-radius:6px;padding:12px 14px;"
    "font-size:12px;max-height:32em;overflow-y:auto}",
    "details summary{cursor:pointer;font-weight:600}",
    "details[open] summary{margin-bottom:10px}",
    ".facts{display:grid;grid-template-columns:auto minmax(0,1fr);"
    "gap:4px 18px;margin:0}",
    ".facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}",
    "footer{color:var(--dim);font-size:13px;overflow-wrap:anywhere}",
    "@media(max-width:700px){main{padding:14px 10px 32px}"
    "section{padding:14px 14px;border-radius:8px}h1{font-size:17px}"
    ".verdict h2{font-size:20px}.wide{display:none}.small{display:block}"
    ".frames{grid-template-columns:1fr;gap:0}"
    ".frames dd{margin-bottom:10px}.frames .place{margin-left:0;"
    "display:block;white-space:normal}"
    ".facts{grid-template-columns:1fr}.facts dd{margin-bottom:6px}}",
    "@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--dim:#444;"
    "--grid:#ddd;--edge:#bbb;--code:#f4f4f4}body{font-size:11pt}"
    "main{max-width:none;padding:0}section{break-inside:avoid;"
    "border-radius:0}.wide{display:block}.small{display:none}"
    "pre{max-height:none}*{print-color-adjust:exact}}",
};

void lg_html_style(struct lg_sb *out)
{
    lg_sb_cstr(out, "<style>\n");
    for (size_t i = 0; i < LG_COUNT(rules); i++) {
        lg_sb_cstr(out, rules[i]);
        lg_sb_char(out, '\n');
    }
    lg_sb_cstr(out, lg_svg_style);
    lg_sb_cstr(out, "\n</style>\n");
}
