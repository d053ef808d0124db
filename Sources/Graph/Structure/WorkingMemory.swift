import Foundation
import PluginAPI

/// Memory that passes over batches use again and again, so that a step takes no fresh pages from the system.
final class WorkingMemory: @unchecked Sendable {
  /// A piece of it, given back when the last reference goes.
  final class Lease {
    let tensor: Tensor
    private weak var owner: WorkingMemory?

    fileprivate init(_ tensor: Tensor, _ owner: WorkingMemory) {
      self.tensor = tensor
      self.owner = owner
    }

    deinit { owner?.give(tensor) }
  }

  private let lock = NSLock()
  private var free: Tensor?

  /// At least `count` float32 numbers, whatever they are.
  func take(_ count: Int) throws -> Lease {
    let found = lock.withLock {
      defer { free = nil }
      return free
    }
    if let found, found.count >= count { return Lease(found, self) }
    // Batches differ in size: some more, so that the next ones fit.
    return Lease(try Tensor.empty([count + count / 4]), self)
  }

  private func give(_ tensor: Tensor) {
    lock.withLock {
      // One pass at a time is the rule; of more, the largest piece is kept.
      if (free?.count ?? 0) < tensor.count { free = tensor }
    }
  }
}
