import Foundation
import Synchronization

/// Ctrl-C and termination: the first signal asks the run to stop at the next safe point, the second ends the program at once.
enum Interruption {
  private static let signals = Atomic<Int>(0)

  static func install() {
    // A parent may have started this program from a thread that blocks signals (Dispatch's do), which is inherited.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&wanted, number)
      signal(number) { _ in
        // Only calls that are safe inside a signal handler.
        if Interruption.signals.add(1, ordering: .relaxed).newValue > 1 { _exit(130) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }
}

/// Thrown when a run stops early because the user asked for it; a checkpoint has been written.
public struct Interrupted: Error {
  public let checkpoint: String?
}
