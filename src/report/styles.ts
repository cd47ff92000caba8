import { Html } from './html.ts';

/** Colours carry no meaning alone: every verdict and every change has a word or a mark beside it. */
export const STYLES = new Html(`
:root{color-scheme:light dark;--page:#fff;--ink:#14202b;--soft:#51606e;--line:#d9e0e6;--tint:#f3f6f8;--accent:#0b6b8a;
--good:#176b3a;--bad:#b3261e;--warn:#8a5a00;--good-tint:#e6f4ea;--bad-tint:#fce8e6;--warn-tint:#fff3d6;--mute-tint:#eaeef1}
@media(prefers-color-scheme:dark){:root{--page:#10171d;--ink:#e7edf2;--soft:#9fb0bd;--line:#2b3842;--tint:#17212a;
--accent:#63c5e2;--good:#7bd69a;--bad:#ff9d94;--warn:#f2c46b;--good-tint:#12311f;--bad-tint:#3b1714;--warn-tint:#35280b;
--mute-tint:#222e37}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.5rem}
footer{padding-bottom:3rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.75rem;line-height:1.2;margin:.25rem 0 .5rem;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0;max-width:46rem}
.eyebrow{color:var(--accent);font-size:.8125rem;font-weight:600;letter-spacing:.04em;text-transform:uppercase;margin:0}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 2rem;margin:.75rem 0;color:var(--soft);font-size:.9375rem}
.facts div{display:flex;gap:.5rem}.facts dt{color:var(--soft)}.facts dd{margin:0;color:var(--ink)}
.headline{margin:1.5rem 0 0;padding:1.25rem 1.5rem;border-left:.375rem solid var(--soft);background:var(--tint);border-radius:0 .5rem .5rem 0}
.headline p{font-size:1.1875rem;line-height:1.45;margin:.5rem 0 0;max-width:none}
.headline .why{margin-top:.5rem;color:var(--soft)}.headline .why small{font-size:1rem}
.headline.successful{border-color:var(--good)}.headline.failed,.headline.error{border-color:var(--bad)}
.headline.inconclusive{border-color:var(--warn)}
.waivers{margin:1rem 0 0;padding:1rem 1.5rem;border:2px solid var(--warn);border-radius:.5rem;background:var(--warn-tint)}
.waivers h2{margin:0;padding:0;border:0;font-size:1.0625rem;color:var(--warn)}
.waivers ul{margin:.5rem 0 0;padding-left:1.25rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:1rem 0 0}
.tiles div{border:1px solid var(--line);border-radius:.5rem;padding:.875rem 1rem}
.tiles dt{color:var(--soft);font-size:.875rem}.tiles dd{margin:0;font-size:.875rem;color:var(--soft)}
.tiles dd.figure{font-size:1.75rem;line-height:1.3;font-weight:650;color:var(--ink);font-variant-numeric:tabular-nums}
.chip{display:inline-block;padding:.0625rem .5rem;border-radius:1rem;font-size:.8125rem;font-weight:600;white-space:nowrap;background:var(--mute-tint);color:var(--ink)}
.chip.successful{background:var(--good-tint);color:var(--good)}.chip.failed,.chip.error{background:var(--bad-tint);color:var(--bad)}
.chip.inconclusive,.chip.waived{background:var(--warn-tint);color:var(--warn)}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.5rem;caption-side:top}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{font-size:.8125rem;color:var(--soft);font-weight:600;border-bottom:1px solid var(--soft);vertical-align:bottom}
tbody th{font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,time{white-space:nowrap}td.n+td:not(.n),th.n+th:not(.n){padding-left:1rem}
td small,th small{display:block;overflow-wrap:break-word;color:var(--soft);font-weight:400;font-size:.8125rem}
tr.chosen{background:var(--tint)}tr.chosen th:first-child,tr.chosen td:first-child{box-shadow:inset .25rem 0 var(--accent);padding-left:.75rem}
td.reason{min-width:15rem}tbody th{min-width:9rem}
.better{color:var(--good)}.worse{color:var(--bad)}
.cite{font-weight:400;font-size:.75rem;white-space:nowrap}.cite a,table a{color:var(--accent)}
.absent{color:var(--soft);font-style:italic}
figure{margin:1.25rem 0}figcaption{color:var(--soft);font-size:.875rem;margin-top:.25rem;max-width:46rem}
svg{display:block;max-width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
svg .axis,svg .tick{stroke:var(--line);stroke-width:1;fill:none}svg text{fill:var(--soft)}svg .name{fill:var(--ink);font-weight:600}
svg .margin{stroke:var(--bad);stroke-dasharray:5 4}svg .marginlabel{fill:var(--bad)}svg .forbidden{fill:var(--bad-tint);opacity:.5}
svg .one{stroke:var(--soft);stroke-dasharray:2 4}svg .leader{stroke:var(--line)}
svg .successful{--mark:var(--good)}svg .failed,svg .error{--mark:var(--bad)}svg .inconclusive{--mark:var(--warn)}
svg .mark{stroke:var(--mark);stroke-width:2;fill:none}svg .solid{fill:var(--mark);stroke:none}svg .ring{stroke:var(--accent);stroke-width:2;fill:none}
svg .bar{fill:var(--accent)}svg .track{fill:var(--mute-tint)}svg .bound{stroke:var(--ink);stroke-width:2}
.narrow{display:none}
code,kbd{font:.875em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--tint);padding:.0625rem .25rem;border-radius:.25rem;overflow-wrap:anywhere}
pre{background:var(--tint);border:1px solid var(--line);border-radius:.375rem;padding:.75rem 1rem;overflow-x:auto}pre code{padding:0;background:none}
details{margin:.5rem 0}summary{cursor:pointer;font-weight:600}small details{margin:.125rem 0}small summary{font-weight:400;color:var(--accent)}
dl.terms{display:grid;grid-template-columns:minmax(9rem,auto) 1fr;gap:.375rem 1.25rem;margin:.75rem 0;font-size:.9375rem}
dl.terms dt{font-weight:600}dl.terms dd{margin:0;overflow-wrap:anywhere;max-width:46rem}
@media(max-width:40rem){
main,header,footer{padding-left:1rem;padding-right:1rem}header{padding-top:1.25rem}
h1{font-size:1.5rem}.headline{padding:1rem}.headline p{font-size:1.0625rem}
.tiles{grid-template-columns:1fr 1fr;gap:.5rem}.tiles dd.figure{font-size:1.375rem}.tiles div{padding:.625rem .75rem}
.wide{display:none}.narrow{display:block}
table.stack,table.stack tbody,table.stack tr,table.stack th,table.stack td,table.stack caption{display:block;width:100%}
table.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.stack tr{border-bottom:1px solid var(--soft);padding:.5rem 0}
table.stack tbody td.n,table.stack tbody td,table.stack tbody th{border:0;padding:.1875rem 0;text-align:left;white-space:normal}
table.stack tr.chosen{padding-left:.75rem;box-shadow:inset .25rem 0 var(--accent)}
table.stack tr.chosen th:first-child{box-shadow:none;padding-left:0}
table.stack td[data-label]{display:grid;grid-template-columns:8.5rem 1fr;gap:.5rem}
table.stack td[data-label]::before{content:attr(data-label);color:var(--soft);font-size:.8125rem;line-height:1.5rem}
table.stack td.reason,table.stack tbody th{min-width:4.5rem}table.stack tbody td.n+td{padding-left:0}
dl.terms{grid-template-columns:1fr;gap:0}dl.terms dd{margin-bottom:.5rem}
}
@media print{
:root{--page:#fff;--ink:#000;--soft:#444;--line:#bbb;--tint:#f5f5f5;--accent:#0b6b8a;--good:#176b3a;--bad:#b3261e;--warn:#8a5a00;
--good-tint:#e6f4ea;--bad-tint:#fce8e6;--warn-tint:#fff3d6;--mute-tint:#eaeef1}
@page{size:A4;margin:14mm 14mm 18mm}
body{font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,header,footer{max-width:none;padding:0}h2{margin-top:1.5rem;break-after:avoid}.tiles{grid-template-columns:repeat(4,1fr);gap:.5rem}.tiles div{padding:.5rem .625rem}
tr,figure,.headline,.waivers,.tiles div,pre,.whole,caption{break-inside:avoid}pre{white-space:pre-wrap;overflow-wrap:anywhere}.scroll{overflow:visible}
table{font-size:9pt}td small,th small{font-size:8pt}td.reason{min-width:9rem}
thead{display:table-header-group}h2+p,h3,caption,thead{break-after:avoid}tbody tr:first-child{break-before:avoid}p,li{orphans:3;widows:3}
.scroll,table{max-width:100%}td,th{overflow-wrap:break-word;padding-right:.4rem}tbody th{min-width:0}a{color:inherit}
details::details-content{content-visibility:visible;block-size:auto}
}
`);
