import Foundation
import Synchronization

/// An HTTP server for tests, good or bad: on the loopback, on a port of the system's choice, one request a connection. What it
/// answers, to the byte and in what order, is the test's to say.
public final class TestServer: Sendable {
  public struct Request: Sendable {
    /// `/image/mnist/train.gz`, the query included.
    public let path: String
    /// By lower-case names.
    public let fields: [String: String]
    /// How many came before it.
    public let number: Int

    /// The first byte of a `Range: bytes=100-`.
    public var rangeStart: Int? {
      fields["range"].flatMap { $0.hasPrefix("bytes=") ? Int($0.dropFirst(6).prefix { $0 != "-" }) : nil }
    }
  }

  /// What is done with the connection, one after the other; then it is closed.
  public enum Action: Sendable {
    case send(Data)
    /// Nothing, until the other side goes away.
    case hang
    /// Seconds to wait.
    case pause(Double)
    /// Nothing more is done until `signal` was called.
    case wait(for: Gate)
  }

  /// Something that a connection waits for.
  public final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    public init() {}
    public func signal() { isOpen.store(true, ordering: .sequentiallyConsistent) }
    fileprivate var hasOpened: Bool { isOpen.load(ordering: .sequentiallyConsistent) }
  }

  public let port: Int
  public var url: String { "http://127.0.0.1:\(port)" }
  private let listener: Int32
  private let answer: @Sendable (Request) -> [Action]
  private let log = Mutex<[Request]>([])
  private let isStopped = Atomic<Bool>(false)

  public struct CannotListen: Error {}

  public init(_ answer: @escaping @Sendable (Request) -> [Action]) throws {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = listener
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, size) == 0 && listen(socket, 16) == 0 && getsockname(socket, address, &size) == 0
      }
    }
    guard listener >= 0, isBound else { throw CannotListen() }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in serve() }
  }

  /// The requests so far.
  public var requests: [Request] { log.withLock { $0 } }

  /// Ends what hangs; nothing more is accepted.
  public func stop() {
    guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  // MARK: Connections

  private func serve() {
    while !isStopped.load(ordering: .sequentiallyConsistent) {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      Thread.detachNewThread { [self] in
        handle(connection)
        close(connection)
      }
    }
  }

  private func handle(_ connection: Int32) {
    var head = Data()
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      guard head.count < 1 << 16, recv(connection, &byte, 1, 0) == 1 else { return }
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    let path = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let request = log.withLock { log in
      let request = Request(path: path, fields: fields, number: log.count)
      log.append(request)
      return request
    }
    for action in answer(request) {
      switch action {
      case .send(let data): guard send(data, to: connection) else { return }
      case .pause(let seconds): usleep(UInt32(seconds * 1e6))
      case .wait(let gate):
        while !gate.hasOpened, !isStopped.load(ordering: .sequentiallyConsistent), !isGone(connection) { usleep(2000) }
      case .hang:
        while !isStopped.load(ordering: .sequentiallyConsistent), !isGone(connection) { usleep(2000) }
      }
    }
    // The other side reads to the end before it is told of the close.
    shutdown(connection, Int32(SHUT_WR))
  }

  private func isGone(_ connection: Int32) -> Bool {
    var byte: UInt8 = 0
    let count = recv(connection, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
    return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
  }

  private func send(_ data: Data, to connection: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.send(connection, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }
}
