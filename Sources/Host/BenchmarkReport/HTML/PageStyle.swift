/// The page's style sheet. Colours are told apart by people with any kind of colour vision (the lines by dashes and marks
/// too) and have a contrast of 3:1 or more to the ground in both modes, text 4.5:1.
enum PageStyle {
  /// Of series, and of the parts of bars, on a light ground.
  static let lightColors = ["#005fa3", "#c24d00", "#007a5a", "#a3458a", "#8a6a00", "#4b4b4b", "#1d87a3", "#6a3fb5"]
  private static let series = lightColors.enumerated().map { "--c\($0.offset):\($0.element);" }.joined()
  /// Ground, text, lesser text and lines.
  static let lightGround = [("bg", "#fff"), ("fg", "#1b1b1b"), ("soft", "#565656"), ("line", "#d9d9d9")]
  private static let ground = lightGround.map { "--\($0.0):\($0.1);" }.joined()

  /// What figures need, in the page and alone.
  static let figures = """
    .plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif} .plot text{fill:var(--fg)} .plot .label{fill:var(--soft)} .plot .name{font-weight:600}
    .grid{stroke:var(--line);stroke-width:.8} .axis{stroke:var(--soft);fill:none} .zero{stroke:var(--fg);stroke-width:1.2} .paper{fill:var(--bg)} .group{stroke:var(--fg);stroke-width:4;stroke-linecap:round}
    .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
    .l{stroke:var(--c);fill:none;stroke-width:1.8;stroke-linejoin:round} .m{fill:var(--c);stroke:var(--bg);stroke-width:.9} .b1{fill:var(--c);opacity:.24} .b2{fill:var(--c);opacity:.08}
    .tick{stroke:var(--c);opacity:.5} .whisker{stroke:var(--c);stroke-width:2.6;stroke-linecap:round} .thin{stroke-width:1.1} .stem{stroke:var(--c);fill:none;stroke-width:1.2} .bar{fill:var(--c)}
    .d1{stroke-dasharray:7 3}.d2{stroke-dasharray:2 2.5}.d3{stroke-dasharray:8 3 2 3}.d4{stroke-dasharray:12 4}.d5{stroke-dasharray:4 2 1 2}.d6{stroke-dasharray:1 3}.d7{stroke-dasharray:10 3 2 3 2 3}
    """

  static let css = """
    :root{\(ground)--panel:#f5f6f8;--link:#0b57a4;--good:#00694d;--bad:#a33b00;
    \(series)color-scheme:light dark}
    @media (prefers-color-scheme:dark){:root{--bg:#15171a;--fg:#e8e8e8;--soft:#aeb3ba;--line:#3a3f46;--panel:#1e2126;--link:#8fc3ff;--good:#5fd6ae;--bad:#ff9c66;
    --c0:#6cb8f0;--c1:#ff9457;--c2:#3fd0a4;--c3:#ee9fd4;--c4:#e8c34a;--c5:#c4c4c4;--c6:#7fe0f0;--c7:#b8a0ff}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif}
    header,main,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
    a{color:var(--link)} .skip{position:absolute;left:-100rem} .skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.3rem .6rem;z-index:2}
    h1{font-size:1.75rem;line-height:1.2;margin:1.5rem 0 .3rem;overflow-wrap:anywhere} h2{font-size:1.35rem;margin:2.6rem 0 .6rem;padding-top:.7rem;border-top:1px solid var(--line)}
    h3{font-size:1.08rem;margin:1.7rem 0 .4rem;overflow-wrap:anywhere} h4{font-size:.95rem;margin:1rem 0 .2rem} p,li{max-width:50rem;overflow-wrap:anywhere} .soft,figcaption,.note{color:var(--soft);font-size:.88rem}
    nav ul{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;padding:0;margin:.6rem 0 0}
    #summary ul{padding-left:1.2rem} #summary li{margin:.35rem 0} .alert{border-left:4px solid var(--bad);background:var(--panel);padding:.1rem 1rem;margin:1rem 0}
    .scroll{overflow-x:auto;max-width:100%;margin:.5rem 0} table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
    .caption{color:var(--soft);font-size:.88rem;margin:.7rem 0 -.2rem} th,td{padding:.28rem .5rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
    td.n,th.n{text-align:right} th{font-weight:600;background:var(--panel)} tbody th{position:sticky;left:0;background:var(--bg)} .nm{display:inline-block;max-width:17rem;overflow-wrap:break-word;white-space:normal}
    th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit} th button::after{content:"\\2195";opacity:.4;padding-left:.25em}
    th[aria-sort=ascending] button::after{content:"\\2191";opacity:1} th[aria-sort=descending] button::after{content:"\\2193";opacity:1}
    tr:target,tbody:target,details:target{outline:2px solid var(--link);outline-offset:-2px} .wide{white-space:normal;min-width:16rem}
    .good{color:var(--good);font-weight:600} .bad{color:var(--bad);font-weight:600}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:1rem 1.5rem;margin:.6rem 0} figure{margin:0;min-width:0;max-width:35rem} figure img{max-width:100%;height:auto;background:#fff} .drawn{grid-template-columns:1fr} .drawn figure{max-width:56rem}
    figcaption{margin:.2rem 0 .4rem} .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:.4rem 0;font-size:.88rem} .legend li{display:flex;align-items:center;gap:.35rem;max-width:100%}
    .swatch{display:inline-block;width:.9rem;height:.9rem} details>summary{cursor:pointer;padding:.25rem 0;overflow-wrap:anywhere} pre{background:var(--panel);padding:.7rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap;overflow-wrap:anywhere} code{font-size:.92em}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.92rem} dt{color:var(--soft)} dd{margin:0;overflow-wrap:anywhere}
    .plot{width:100%;height:auto;display:block;overflow:visible} .swatch{background:var(--c)}
    \(figures)
    @media (max-width:40rem){body{font-size:15px} dl{grid-template-columns:1fr;gap:0} dd{margin-bottom:.4rem} .nm{max-width:8.5rem}}
    @media print{:root{--bg:#fff;--fg:#000;--soft:#444;--line:#bbb;--panel:#f2f2f2;--link:#000;--good:#004d38;--bad:#7a2c00;
    \(series)color-scheme:light} body{font-size:10pt} header,main,footer{max-width:none;padding:0} nav,.skip,th button::after{display:none} a{text-decoration:none} h2,h3,.caption,.legend{break-after:avoid} figure,tr,.alert{break-inside:avoid} .scroll{overflow:visible} th,td{white-space:normal;padding:.12rem .3rem} .wide{min-width:0} table{font-size:8pt} .figures:not(.drawn){grid-template-columns:1fr 1fr} tbody th{position:static} thead{display:table-header-group}}
    """
}
