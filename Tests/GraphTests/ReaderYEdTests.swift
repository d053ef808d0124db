import Foundation
import Graph
import PluginAPI
import Testing

@Suite("yEd's drawings in GraphML")
struct ReaderYEdTests {
  @Test func labelsPlacesAndColours() throws {
    let text = """
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml" xmlns:yed="http://www.yworks.com/xml/yed/3">
      <key attr.name="Description" attr.type="string" for="graph" id="d0"/><key for="port" id="d1" yfiles.type="portgraphics"/>
      <key for="node" id="d6" yfiles.type="nodegraphics"/><key for="graphml" id="d7" yfiles.type="resources"/>
      <key for="edge" id="d10" yfiles.type="edgegraphics"/>
      <graph edgedefault="directed" id="G"><data key="d0"/>
      <node id="n0"><data key="d6"><y:ShapeNode><y:Geometry height="30.0" width="40.0" x="277.0" y="-134.5"/><y:Fill color="#FFCC00" transparent="false"/>
      <y:BorderStyle color="#000000" type="line"/><y:NodeLabel alignment="center" fontSize="12">Ünit
      &amp; one<y:LabelModel><y:SmartNodeLabelModel distance="4.0"/></y:LabelModel></y:NodeLabel><y:NodeLabel>second</y:NodeLabel>
      <y:Shape type="roundrectangle"/></y:ShapeNode></data></node>
      <node id="n1" yfiles.foldertype="group"><data key="d6"><y:ProxyAutoBoundsNode><y:Realizers active="0"><y:GroupNode><y:NodeLabel hasText="false"/>
      </y:GroupNode></y:Realizers></y:ProxyAutoBoundsNode></data><graph edgedefault="directed" id="n1:"><node id="n1::n0"/></graph></node>
      <edge id="e0" source="n0" target="n1::n0"><data key="d10"><y:PolyLineEdge><y:LineStyle color="#0000FF" type="line" width="1.0"/>
      <y:EdgeLabel>goes to</y:EdgeLabel></y:PolyLineEdge></data></edge></graph><data key="d7"><y:Resources/></data></graphml>
      """
    let graph = try GraphFileReader.read(bytes: Array(text.utf8), file: "y.graphml")
    #expect(graph.nodeCount == 3 && graph.edgeCount == 1)
    let labels = try #require(graph.nodeAttribute(named: "y:label"))
    #expect((0..<3).map { labels.text($0) } == ["Ünit\n& one", nil, nil])
    #expect(graph.nodeAttribute(named: "y:x")?.reals[0] == 277 && graph.nodeAttribute(named: "y:y")?.reals[0] == -134.5)
    #expect(
      graph.nodeAttribute(named: "y:width")?.reals[0] == 40 && graph.nodeAttribute(named: "y:height")?.reals[0] == 30)
    #expect(
      graph.nodeAttribute(named: "y:color")?.text(0) == "#FFCC00"
        && graph.nodeAttribute(named: "y:shape")?.text(0) == "roundrectangle")
    #expect(graph.edgeAttributes.map(\.name) == ["y:color", "y:label"] && graph.edgeAttributes[1].text(0) == "goes to")
    #expect(try graph.nodeGraph().featureNames.isEmpty)
    let messages = graph.warnings.map(\.message)
    #expect(
      messages.contains { $0.contains("\"d6\" is a drawing of yEd") } && messages.contains { $0.contains("nested") })
  }
}
