#include <cerrno>

#include "dataplane/net/kernel/kernel_net.h"

namespace wp::net {

void KernelNet::begin_connect(Conn& conn, stream::StreamPort& port) {
  WP_ASSERT(port.wants_connect());
  port.connect_started();
  counters_.connects.add();
  counters_.system_calls.add(kOpenStreamCalls);
  const auto fd = open_stream(port.remote(), config_, Blocking::yes);
  if (!fd) {
    port.fail(fd.error());
    return retire(conn);
  }
  conn.fd = *fd;
  conn.stage = Stage::connecting;
  conn.linger_left = config_.linger_bytes;
  io_uring_sqe& entry = prepare(conn, Op::connect);
  SocketAddress& address = ring_->memory(entry).address;
  address = to_socket_address(port.remote());
  io_uring_prep_connect(&entry, conn.fd, address.get(), address.length);
}

void KernelNet::on_connect(Conn& conn, stream::StreamPort& port, std::int32_t result) {
  if (conn.stage != Stage::connecting) return;
  if (result != 0) return fail(conn, port, reason_of(-result, Leg::connecting));
  conn.stage = Stage::open;
  counters_.system_calls.add();
  port.set_local(local_endpoint(conn.fd));
  port.opened();
  ports_.requeue_for_transport(conn.id);
}

}  // namespace wp::net
