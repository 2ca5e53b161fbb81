import { createHash } from 'node:crypto';

/** The page's whole style: nothing is loaded. Colours follow what the reader's system asks for. */
export const style = `
:root{color-scheme:light dark;--ground:#fff;--side:#f6f7f9;--text:#1c2330;--soft:#5b6472;--line:#dde1e7;--link:#0b57c2;--code:#f0f2f5;--get:#0b6bb8;--post:#1a7f37;--put:#9a5b00;--patch:#7a3fb5;--delete:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#14171c;--side:#1a1e25;--text:#e4e7ec;--soft:#9aa4b2;--line:#2c333d;--link:#7db2ff;--code:#20252d;--get:#6cb6ff;--post:#57c77a;--put:#e2a640;--patch:#c79bf2;--delete:#ff8a80}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;display:grid;grid-template-columns:minmax(15rem,21rem) minmax(0,1fr);background:var(--ground);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
code,.path,.type{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}
p code,li code{background:var(--code);border-radius:4px;padding:.1em .3em}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:.5rem;z-index:1;padding:.4rem .8rem;background:var(--ground);border:1px solid var(--link);border-radius:6px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.25rem 1rem;background:var(--side);border-right:1px solid var(--line);font-size:.875rem}
nav .title{margin:0 0 1rem;font-size:1rem;font-weight:650}
nav .title a,nav li a{color:inherit}
nav summary{cursor:pointer;font-weight:600;padding:.25rem 0}
nav ul{list-style:none;margin:0 0 .75rem;padding:0}
nav li a{display:flex;gap:.5rem;align-items:baseline;padding:.15rem 0}
nav li .path{overflow-wrap:anywhere}
main{padding:1.5rem clamp(1rem,4vw,3.5rem) 5rem;max-width:68rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.35rem;margin:0 0 .5rem}
h3{font-size:1.05rem;margin:0 0 .25rem;overflow-wrap:anywhere}
h4{font-size:.8rem;margin:1.1rem 0 .35rem;color:var(--soft);text-transform:uppercase;letter-spacing:.05em}
p{margin:.4rem 0}
.group{margin-top:2.5rem}
article{border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:1rem 0}
article:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
article.deprecated h3{text-decoration:line-through}
.summary{font-size:1rem}
.anchor,.note,.limits{color:var(--soft);font-size:.85rem;font-weight:400}
.limits{overflow-wrap:anywhere}
.method{display:inline-block;min-width:3.6em;font:600 .75rem/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft)}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
.required{color:var(--delete);font-size:.75rem;font-weight:400;text-transform:none;letter-spacing:0;margin-left:.5rem}
.scroll{overflow-x:auto}
table.fields{border-collapse:collapse;width:100%;margin:.35rem 0;font-size:.925rem}
table.fields th,table.fields td{border-top:1px solid var(--line);padding:.45rem .75rem .45rem 0;text-align:left;vertical-align:top}
table.fields th{font-weight:500;width:1%;white-space:nowrap}
table.fields th .note{margin-left:.5rem}
table.fields td p{margin:.15rem 0 0;color:var(--soft)}
main details{border-top:1px solid var(--line);padding:.45rem 0}
main summary{cursor:pointer}
.answer{border-top:1px solid var(--line);padding:.45rem 0;margin:0}
.status{display:inline-block;min-width:4em;font:600 .85rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.s2{color:var(--post)}.s4,.s5{color:var(--delete)}
.content{margin:.35rem 0 .35rem 1rem}
.variants{margin:.25rem 0;padding-left:1.25rem}
@media (max-width:50rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border-right:0;border-bottom:1px solid var(--line)}}
@media print{nav{display:none}body{display:block}}
`;

/** The style as a content security policy names it. */
export function styleSource(): string {
  return `sha256-${createHash('sha256').update(style).digest('base64')}`;
}
