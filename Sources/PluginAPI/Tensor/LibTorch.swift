import LibTorchTable
import Synchronization
import TensorKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The engine: opens LibTorchShim on first tensor use and offers what concerns the whole process.
public enum LibTorch {
  /// The table of functions, or the reason why there is none.
  static let table: Result<BasinTable, BasinError> = load()

  /// Where the shim is looked for: `$BASIN_LIBTORCH_SHIM`, else beside the library that holds this code.
  public static var shimPath: String {
    if let path = getenv("BASIN_LIBTORCH_SHIM") { return String(cString: path) }
    return ImageLocation.folder(ofImageWith: #dsohandle) + "/libLibTorchShim.so"
  }

  private static func load() -> Result<BasinTable, BasinError> {
    let path = shimPath
    let advice = "Run `./basin doctor`: it says what of the set-up is missing"
    guard access(path, R_OK) == 0 else {
      return .failure(.missing("the LibTorch shim is not there", file: path, advice: advice))
    }
    // libgomp's threads spin at their barriers for milliseconds by default: on a machine with anything else to do, a step of
    // half a millisecond then takes fifty. They still spin for the gaps between the operations of a step.
    setenv("GOMP_SPINCOUNT", "5000", 0)
    // Local: LibTorch's thousands of symbols stay out of the way of everybody else's.
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
      return .failure(.missing("the LibTorch shim cannot be opened (\(reason))", file: path, advice: advice))
    }
    guard let symbol = dlsym(library, BASIN_TABLE_SYMBOL) else {
      return .failure(.internalError("\(path) is not a LibTorch shim", advice: advice))
    }
    let function = unsafeBitCast(symbol, to: BasinTableFunction.self)
    guard let table = function(UInt32(BASIN_TABLE_VERSION)), table.pointee.size == UInt32(MemoryLayout<BasinTable>.size)
    else {
      return .failure(.internalError("\(path) was built for another version of PluginAPI", advice: advice))
    }
    return .success(table.pointee)
  }

  static func check(_ status: Int32, _ operation: String, _ operands: [Tensor] = []) throws {
    guard status != 0 else { return }
    throw TensorError(operation: operation, shapes: operands.map(\.shape), message: lastMessage())
  }

  static func lastMessage() -> String {
    guard case .success(let table) = table, let text = table.lastError() else { return "unknown error" }
    return String(cString: text)
  }

  /// LibTorch's version, as `2.13.0`. Opens the library.
  public static func version() throws -> String {
    try table.get().libtorchVersion().map { String(cString: $0) } ?? "unknown"
  }

  /// Threads of one operation (intra-op parallelism).
  public static func setThreads(_ count: Int) throws {
    try check(table.get().setThreads(Int32(clamping: count)), "setThreads")
  }

  /// Threads of operations that the calling thread starts; every other thread keeps its number.
  public static func setThreadsOfThisThread(_ count: Int) throws {
    try check(table.get().setThreadsOfThisThread(Int32(clamping: count)), "setThreadsOfThisThread")
  }

  /// Threads of one operation.
  public static func threads() throws -> Int { Int(try table.get().threads()) }

  /// Makes every operation give the same bits run after run. Without it the backward pass of `x[index]` differs from run to
  /// run on two threads.
  public static func setDeterministic(_ value: Bool) throws {
    try check(table.get().setDeterministic(value ? 1 : 0), "setDeterministic")
  }

  /// Seeds LibTorch's own generator, which only operations outside Basin's counter-based ones use.
  public static func seed(_ seed: UInt64) throws { try check(table.get().manualSeed(seed), "seed") }

  /// Runs `body` with LibTorch's automatic casts: products and convolutions in `dtype`, what needs range or precision in
  /// float32 (autocast).
  ///
  /// - Parameter dtype: float16 or bfloat16; nil runs `body` as it is.
  public static func autocasting<R>(to dtype: DType?, on device: Device, _ body: () throws -> R) throws -> R {
    guard let dtype else { return try body() }
    let table = try table.get()
    try check(table.setAutocast(Int32(device.code), Int32(dtype.rawValue)), "autocast")
    defer { _ = table.setAutocast(Int32(device.code), -1) }
    return try $autocasting.withValue(true, operation: body)
  }

  /// Whether operations are cast automatically now: functions of their own kernels then leave them to LibTorch.
  public static var isAutocasting: Bool { autocasting }

  @TaskLocal private static var autocasting = false

  /// Bytes of main memory that the program has taken from the system's allocator and not given back, tensors on the CPU among
  /// them; nil where there is no way to know.
  public static var allocatedBytes: Int? {
    let bytes = basinAllocatedBytes()
    return bytes < 0 ? nil : Int(bytes)
  }

  /// Whether LibTorch can compute there.
  public static func isAvailable(_ device: Device) throws -> Bool {
    switch device {
    case .cpu: true
    case .cuda(let index): try index < Int(table.get().cudaDevices())
    case .mps: try table.get().mpsAvailable() != 0
    }
  }

  /// Runs `body` without recording operations for gradients.
  public static func withoutGradient<R>(_ body: () throws -> R) throws -> R {
    let table = try table.get()
    let before = table.setGradientEnabled(0)
    defer { _ = table.setGradientEnabled(before) }
    return try body()
  }

  /// Runs `body`, a forward pass whose gradients ``Tensor/backward()`` alone will be asked for.
  ///
  /// Custom functions then add to the gradients of their parameters themselves instead of having a node of the graph for
  /// each: a tenth of the step of a network of fifty small ones. The gradients are the same. ``Tensor/gradients(of:createGraph:)``
  /// of what was recorded throws where it is asked for one of these parameters.
  public static func recordingForBackward<R>(_ body: () throws -> R) throws -> R {
    let table = try table.get()
    let before = table.setRecordingForBackward(1)
    defer { _ = table.setRecordingForBackward(before) }
    return try body()
  }

  /// Whether operations are recorded for gradients now.
  public static var isRecording: Bool {
    guard case .success(let table) = table else { return false }
    let value = table.setGradientEnabled(0)
    _ = table.setGradientEnabled(value)
    return value != 0
  }

  /// Whether second derivatives of what is computed now will be asked for; see ``withSecondDerivatives(_:)``.
  public static var wantsSecondDerivatives: Bool { secondDerivatives }

  @TaskLocal private static var secondDerivatives = false

  /// Runs `body` such that second derivatives of its results can be taken.
  ///
  /// A function whose fast way has none asks ``wantsSecondDerivatives`` in its forward pass and takes its plain twin, as
  /// ``scaledDotProductAttention(_:_:_:mask:)`` does. One whose kernels have second derivatives need not ask.
  public static func withSecondDerivatives<R>(_ body: () throws -> R) rethrows -> R {
    try $secondDerivatives.withValue(true, operation: body)
  }

  /// Runs `body(begin, end)` over parts of `range` in LibTorch's own threads; the parts are at least `grain` long.
  ///
  /// `body` must not throw and must not call tensor operations. The division depends only on the range, the grain and the
  /// number of threads.
  public static func parallelFor(_ range: Range<Int>, grain: Int, _ body: (Range<Int>) -> Void) throws {
    let table = try table.get()
    try withoutActuallyEscaping(body) { body in
      let context = Unmanaged.passRetained(RangeBody(body))
      defer { context.release() }
      let status = table.parallelFor(
        Int64(range.lowerBound), Int64(range.upperBound), Int64(grain),
        { begin, end, context in
          guard let context else { return }
          Unmanaged<RangeBody>.fromOpaque(context).takeUnretainedValue().body(Int(begin)..<Int(end))
        }, context.toOpaque())
      try check(status, "parallelFor")
    }
  }

  /// As ``parallelFor(_:grain:_:)``, but a thread takes the next part whenever it is done with one, so that none waits for another that
  /// began late or is slower: half a thread's share of what is left, in multiples of `grain`, by guided self-scheduling (Polychronopoulos and
  /// Kuck 1987). The division is another one each time: for a `body` whose results do not depend on it.
  public static func parallelFor(guided range: Range<Int>, grain: Int, _ body: (Range<Int>) -> Void) throws {
    let grain = max(1, grain), threads = min(try threads(), (range.count + grain - 1) / grain)
    guard threads > 1 else { return range.isEmpty ? () : body(range) }
    let next = Atomic(range.lowerBound)
    try parallelFor(0..<threads, grain: 1) { _ in
      var begin = next.load(ordering: .relaxed)
      while begin < range.upperBound {
        let left = range.upperBound - begin
        let size = min(left, max(1, left / (2 * threads * grain)) * grain)
        let (isOurs, current) = next.compareExchange(expected: begin, desired: begin + size, ordering: .relaxed)
        if isOurs {
          body(begin..<begin + size)
          begin = next.load(ordering: .relaxed)
        } else {
          begin = current
        }
      }
    }
  }

  private final class RangeBody {
    let body: (Range<Int>) -> Void
    init(_ body: @escaping (Range<Int>) -> Void) { self.body = body }
  }
}
