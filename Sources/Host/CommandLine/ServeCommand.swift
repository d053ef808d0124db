import ArgumentParser
import FlyingFox
import FlyingSocks
import Foundation
import PluginAPI
import Report
import Synchronization

/// `basin serve DIR`: the report of a benchmark in a browser, kept up to date while it runs.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Shows the report of a benchmark in a browser while it runs.",
    discussion: """
      Example: basin serve results
      Only this machine can reach it. --host with another address opens it to the network, to anyone who can reach that address: there is
      no password. Ctrl-C ends it.
      """)

  @Argument(help: "The folder of a benchmark, or its file of results.") var benchmark: String
  @Option(help: "The port; 0 takes a free one.") var port = 8642
  @Option(help: "The address to listen at.") var host = "127.0.0.1"
  @Option(help: "The browser asks again after so many seconds; 0: never.") var refresh = 5

  func run() throws {
    guard (0...65_535).contains(port) else { throw BasinError.usage("--port cannot be \(port)", advice: "It takes a number from 0 to 65535") }
    guard (0...3600).contains(refresh) else {
      throw BasinError.usage("--refresh cannot be \(refresh)", advice: "It takes seconds from 0 to 3600")
    }
    Interruption.install()
    let page = LiveReport(benchmark, refreshSeconds: refresh > 0 ? refresh : nil)
    // What cannot be read is told here, not in the browser.
    _ = try ReportSource(benchmark)
    let address: sockaddr_in
    do { address = try .inet(ip4: host == "localhost" ? "127.0.0.1" : host, port: UInt16(port)) } catch {
      throw BasinError.usage("--host \(host) is not an IPv4 address", advice: "For example 127.0.0.1, or 0.0.0.0 for every network")
    }
    let isLoopback = host == "localhost" || host.hasPrefix("127.")
    if !isLoopback { Terminal.say("basin: note: the report is open to everyone who can reach \(host); there is no password") }
    // Only this machine's own names: a page of elsewhere cannot read the report through a name of its own for 127.0.0.1.
    let names: Set<String>? = isLoopback ? ["127.0.0.1", "localhost", host] : nil
    let server = HTTPServer(address: address, timeout: 15, logger: .disabled, handler: PageHandler(page: page, names: names))
    let outcome = Mutex<(any Error)?>(nil)
    let ended = DispatchSemaphore(value: 0)
    // PluginAPI has a Task too, what a data set asks for.
    let task = _Concurrency.Task {
      do { try await server.run() } catch { outcome.withLock { $0 = error } }
      ended.signal()
    }
    _Concurrency.Task {
      guard (try? await server.waitUntilListening(timeout: 10)) != nil else { return }
      let port = if case .ip4(_, let port)? = await server.listeningAddress { Int(port) } else { self.port }
      Terminal.say("basin: http://\(host):\(port)/ shows \(benchmark); Ctrl-C ends it")
    }
    while ended.wait(timeout: .now() + 0.1) == .timedOut {
      if Interruption.isRequested { task.cancel() }
    }
    if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
    if let error = outcome.withLock({ $0 }) {
      throw BasinError(.cannotCreate, "cannot listen at \(host):\(port): \(error)", advice: "Another program may use the port; try --port 0")
    }
  }
}

/// The report as it is now, made anew at most once in two seconds however many ask.
final class LiveReport: Sendable {
  private struct State {
    var made = -Double.infinity
    var html = ""
    var json = Data()
  }

  private let path: String
  private let refreshSeconds: Int?
  private let state = Mutex(State())

  init(_ path: String, refreshSeconds: Int?) {
    self.path = path
    self.refreshSeconds = refreshSeconds
  }

  var html: String { get throws { try current().html } }
  var json: Data { get throws { try current().json } }

  private func current() throws -> (html: String, json: Data) {
    try state.withLock { state in
      if Clock.now() - state.made > 2 {
        let report = BenchmarkReport(try ReportSource(path).document())
        state = State(made: Clock.now(), html: report.html(refreshSeconds: refreshSeconds), json: try report.json())
      }
      return (state.html, state.json)
    }
  }
}

private struct PageHandler: HTTPHandler {
  let page: LiveReport
  /// Hosts that may be asked for; nil: any.
  let names: Set<String>?

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let asked = request.headers[.host].map { String($0.prefix { $0 != ":" }) }
    if let names, !names.contains(asked ?? "") { return text(.forbidden, "This server answers to \(names.sorted().joined(separator: ", ")) alone.") }
    guard request.method == .GET || request.method == .HEAD else { return text(.methodNotAllowed, "Only GET.") }
    do {
      switch request.path {
      case "/", "/report.html": return respond(.ok, "text/html; charset=utf-8", Data(try page.html.utf8))
      case "/report.json": return respond(.ok, "application/json", try page.json)
      default: return text(.notFound, "There is / and /report.json.")
      }
    } catch let error as BasinError {
      // The first run may still be on its way: the page asks again.
      return text(.serviceUnavailable, "\(error)", more: [.init("Refresh"): "5"])
    }
  }

  private func text(_ status: HTTPStatusCode, _ words: String, more: [HTTPHeader: String] = [:]) -> HTTPResponse {
    respond(status, "text/plain; charset=utf-8", Data((words + "\n").utf8), more: more)
  }

  private func respond(_ status: HTTPStatusCode, _ type: String, _ body: Data, more: [HTTPHeader: String] = [:]) -> HTTPResponse {
    let headers: [HTTPHeader: String] = [
      .contentType: type, .init("Cache-Control"): "no-store", .init("X-Content-Type-Options"): "nosniff",
      .init("Referrer-Policy"): "no-referrer",
    ]
    return HTTPResponse(statusCode: status, headers: HTTPHeaders(headers.merging(more) { $1 }), body: body)
  }
}
