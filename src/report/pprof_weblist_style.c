/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_weblist.h"

const char lg_weblist_style[] =
    ":root{color-scheme:light dark;--soft:#6b7280;--rule:#d1d5db;"
    "--hover:#eef2ff;--code:#166534;--call:#1e40af}\n"
    "@media(prefers-color-scheme:dark){:root{--soft:#9ca3af;--rule:#374151;"
    "--hover:#1f2937;--code:#86efac;--call:#93c5fd}}\n"
    "body{font:15px/1.4 system-ui,sans-serif;margin:1.5em;max-width:120em}\n"
    "h1{font-size:1.3em;margin:0 0 .4em}h2{font-size:1.1em;margin:1.6em 0 0}\n"
    ".legend,.file{color:var(--soft);margin:0}.sums{margin:.2em 0 .4em}\n"
    "table{border-collapse:collapse;font:13px/1.35 ui-monospace,monospace}\n"
    "th{text-align:right;font-weight:600;border-bottom:1px solid var(--rule)}\n"
    "th:last-child{text-align:left}th,td{padding:0 .6em;white-space:pre}\n"
    "td.n{text-align:right;min-width:5em}td.l{text-align:right;"
    "color:var(--soft)}\n"
    "tr.nop td,tr.dead td{color:var(--soft)}tr.dead td.n{color:inherit}\n"
    "tr.live{cursor:pointer}tr.live:hover,tr.live:focus{background:"
    "var(--hover);outline:none}\n"
    "tr.live td.l::before{content:'\\25b8';float:left}\n"
    "tr.live[aria-expanded=true] td.l::before{content:'\\25be'}\n"
    "tbody.asm td{color:var(--code)}tbody.asm tr.call td{color:var(--call)}\n"
    "tbody.asm i{color:var(--soft);font-style:normal}\n"
    "tbody.asm tr.block td{border-top:1px dashed var(--rule)}\n"
    "button{font:inherit}\n";

const char lg_weblist_script[] =
    "function show(row,on){row.setAttribute('aria-expanded',on);"
    "row.parentNode.nextElementSibling.hidden=!on}\n"
    "function toggle(e){var row=e.target.closest('tr.live');if(row)"
    "show(row,row.getAttribute('aria-expanded')!='true')}\n"
    "document.addEventListener('click',toggle);\n"
    "document.addEventListener('keydown',function(e){if(e.key=='Enter')"
    "toggle(e)});\n"
    "var all=document.getElementById('all'),on=false;\n"
    "all.addEventListener('click',function(){on=!on;"
    "document.querySelectorAll('tr.live').forEach(function(row){"
    "show(row,on)});all.textContent=on?'hide all code':'show all code'});\n";
