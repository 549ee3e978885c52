package grpcwire_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
)

// TestInterop runs grpc-go's own interop client, unchanged, over a Conn against
// grpc-go's interop server with mTLS. A failing case ends the process with the
// case's own message: that is how the interop client reports.
func TestInterop(t *testing.T) {
	_, cfg := serve(t)
	cases := []struct {
		name string
		run  func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)
	}{
		{"empty_unary", interop.DoEmptyUnaryCall},
		{"large_unary", interop.DoLargeUnaryCall},
		{"client_streaming", interop.DoClientStreaming},
		{"server_streaming", interop.DoServerStreaming},
		{"ping_pong", interop.DoPingPong},
		{"empty_stream", interop.DoEmptyStream},
		{"timeout_on_sleeping_server", interop.DoTimeoutOnSleepingServer},
		{"cancel_after_begin", interop.DoCancelAfterBegin},
		{"cancel_after_first_response", interop.DoCancelAfterFirstResponse},
		{"custom_metadata", interop.DoCustomMetadata},
		{"status_code_and_message", interop.DoStatusCodeAndMessage},
		{"special_status_message", interop.DoSpecialStatusMessage},
	}
	c := dial(t, cfg)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) { tc.run(t.Context(), testgrpc.NewTestServiceClient(channel{c})) })
	}
	t.Run("unimplemented_service", func(t *testing.T) {
		interop.DoUnimplementedService(t.Context(), testgrpc.NewUnimplementedServiceClient(channel{c}))
	})
	t.Run("unimplemented_method", func(t *testing.T) {
		_, err := c.Invoke(t.Context(), "/grpc.testing.TestService/UnimplementedCall", nil)
		if got := grpcwire.Code(err); got != grpcwire.Unimplemented {
			t.Errorf("Invoke(UnimplementedCall) = %v; want status %d", err, grpcwire.Unimplemented)
		}
	})
	if err := c.Err(); err != nil {
		t.Errorf("after all cases Err() = %v; want nil", err)
	}
}
