/// What the page can do beyond standing there: sort tables, and open the details that a link leads into. Without it all is
/// there all the same, and the headings are no buttons.
enum PageScript {
  static let javaScript = """
    (function(){"use strict";
    function value(row,i){var c=row.cells[i];if(!c)return null;var d=c.getAttribute("data-v");if(d!==null)return d===""?null:Number(d);return c.textContent.trim()}
    function sort(table,i,head){var up=head.getAttribute("aria-sort")!=="ascending";
    table.querySelectorAll("thead th").forEach(function(h){h.removeAttribute("aria-sort")});head.setAttribute("aria-sort",up?"ascending":"descending");
    Array.prototype.forEach.call(table.tBodies,function(body){var rows=Array.prototype.slice.call(body.rows);
    rows.sort(function(a,b){var x=value(a,i),y=value(b,i);if(x===null||x==="")return y===null||y===""?0:1;if(y===null||y==="")return -1;
    var d=typeof x==="number"&&typeof y==="number"?x-y:String(x).localeCompare(String(y),undefined,{numeric:true});return up?d:-d});
    rows.forEach(function(r){body.appendChild(r)})})}
    document.querySelectorAll("table.sortable").forEach(function(table){Array.prototype.forEach.call(table.tHead.rows[0].cells,function(head,i){
    var b=document.createElement("button");b.title=head.title;b.type="button";while(head.firstChild)b.appendChild(head.firstChild);head.appendChild(b);
    b.addEventListener("click",function(){sort(table,i,head)})})});
    function reveal(){var id;try{id=decodeURIComponent(location.hash.slice(1))}catch(e){return}var e=id&&document.getElementById(id);if(!e)return;
    for(var p=e;p;p=p.parentElement)if(p.tagName==="DETAILS")p.open=true;e.scrollIntoView()}
    window.addEventListener("hashchange",reveal);reveal();
    })();
    """
}
