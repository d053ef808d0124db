import Host

BasinCommand.start()
